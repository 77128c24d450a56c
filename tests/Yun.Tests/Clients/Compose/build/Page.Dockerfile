FROM busybox AS page
ARG GREETING
COPY text /text
RUN echo "$GREETING $(cat /text)" > /page
CMD ["cat", "/page"]
FROM page AS other
RUN false
