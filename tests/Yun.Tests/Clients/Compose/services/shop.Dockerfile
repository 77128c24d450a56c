FROM services-base
COPY shop.py /srv/shop.py
ENV PYTHONUNBUFFERED=1
USER 1000:1000
EXPOSE 8000
CMD ["python3", "/srv/shop.py"]
