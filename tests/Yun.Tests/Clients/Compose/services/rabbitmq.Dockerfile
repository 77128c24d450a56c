FROM services-base
# The package keeps these to its own user, and talks to its node under the machine's name.
RUN install -d -o rabbitmq -g rabbitmq /data && echo "loopback_users = none" > /etc/rabbitmq/rabbitmq.conf
USER rabbitmq
ENV HOME=/var/lib/rabbitmq RABBITMQ_MNESIA_BASE=/data RABBITMQ_LOGS=- RABBITMQ_NODENAME=rabbit@localhost
VOLUME /data
EXPOSE 5672
HEALTHCHECK --interval=1s --timeout=30s --retries=60 --start-period=5s CMD ["/usr/lib/rabbitmq/bin/rabbitmq-diagnostics", "-q", "check_port_connectivity"]
CMD ["/usr/lib/rabbitmq/bin/rabbitmq-server"]
