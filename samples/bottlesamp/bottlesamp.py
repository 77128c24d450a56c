"""A message in a bottle: a small web service on port 8000 that needs nothing but Python."""
import html
import http.server
import signal
import socket
import sys

MESSAGES = ["Set adrift in an image, washed ashore in a container."]


class Shore(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            return self.answer("ok\n", "text/plain")
        if self.path != "/":
            return self.send_error(404)
        found = "".join(f"<li>{html.escape(message)}</li>" for message in MESSAGES)
        self.answer(f"<!doctype html><title>bottlesamp</title><h1>Hello from bottlesamp</h1>"
                    f"<p>This is container <b>{socket.gethostname()}</b>.</p><ul>{found}</ul>\n", "text/html")

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length") or 0), 1000)
        MESSAGES.append(self.rfile.read(length).decode(errors="replace"))
        self.answer("thrown into the sea\n", "text/plain")

    def answer(self, text, kind):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *values):
        print(f"{self.address_string()} {form % values}", flush=True)


# The first process of a PID namespace gets no default handlers: without this, a stop would wait for its timeout.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("bottlesamp listens on port 8000", flush=True)
http.server.ThreadingHTTPServer(("", 8000), Shore).serve_forever()
