FROM services-base
RUN mkdir -p /var/run/postgresql && chown postgres:postgres /var/run/postgresql && install -d -o postgres -g postgres -m 700 /data
COPY --chmod=755 postgres.sh /usr/local/bin/start
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin PGDATA=/data
USER postgres
VOLUME /data
EXPOSE 5432
# Smart shutdown would wait for clients to leave.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=500ms --timeout=10s --retries=120 CMD pg_isready -q -h 127.0.0.1 -U shop
ENTRYPOINT ["start"]
CMD ["postgres", "-c", "listen_addresses=*", "-c", "fsync=off"]
