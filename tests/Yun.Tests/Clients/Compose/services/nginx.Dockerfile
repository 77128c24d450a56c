FROM services-base
RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log && rm /etc/nginx/sites-enabled/default
COPY nginx.conf /etc/nginx/conf.d/shop.conf
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
