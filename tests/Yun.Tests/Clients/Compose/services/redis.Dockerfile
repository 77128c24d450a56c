FROM services-base
RUN install -d -o redis -g redis /data
USER redis
WORKDIR /data
VOLUME /data
EXPOSE 6379
HEALTHCHECK --interval=500ms --timeout=10s --retries=120 CMD ["redis-cli", "ping"]
CMD ["redis-server", "--protected-mode", "no", "--appendonly", "yes", "--dir", "/data"]
