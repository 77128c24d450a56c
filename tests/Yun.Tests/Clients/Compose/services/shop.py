"""A shop that keeps orders in PostgreSQL, counts visits in Redis and announces orders by RabbitMQ."""
import http.server, json, os, pika, psycopg2, redis, signal, sys

password = open('/run/secrets/password').read().strip()
cache = redis.Redis('cache')


def database():
    return psycopg2.connect(host='database', user='shop', password=password, dbname='postgres')


with database() as first:
    first.cursor().execute('CREATE TABLE IF NOT EXISTS orders (id serial, what text)')


def announce(what):
    connection = pika.BlockingConnection(pika.ConnectionParameters('queue'))
    channel = connection.channel()
    channel.queue_declare('orders', durable=True)
    channel.basic_publish('', 'orders', what.encode(), pika.BasicProperties(delivery_mode=2))
    connection.close()


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        connection = pika.BlockingConnection(pika.ConnectionParameters('queue'))
        waiting = connection.channel().queue_declare('orders', durable=True).method.message_count
        connection.close()
        with database() as db, db.cursor() as cursor:
            cursor.execute('SELECT what FROM orders ORDER BY id')
            self.answer({'orders': [row[0] for row in cursor.fetchall()], 'visits': cache.incr('visits'), 'announced': waiting})

    def do_POST(self):
        what = self.rfile.read(int(self.headers['Content-Length'])).decode()
        with database() as db:
            db.cursor().execute('INSERT INTO orders (what) VALUES (%s)', (what,))
        announce(what)
        self.answer({'ordered': what})

    def answer(self, what):
        text = json.dumps(what).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(('', 8000), Shop).serve_forever()
