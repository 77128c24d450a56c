"""Docker's daemon and Yun's, side by side in the world, and one client of the Engine API for both."""
import http.client
import json
import os
import shutil
import socket
import subprocess
import time

NOTHING = os.open("/dev/null", os.O_RDWR)


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def call(self, method, path, body=None):
        """The answer, from JSON where it is that."""
        self.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = self.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]}")
        return json.loads(content) if content[:1] in (b"{", b"[") else content


class Engine:
    """A daemon with a folder and a network of its own, from `with` to its end."""

    def __init__(self, name, command, helpers):
        self.name, self.command, self.helpers = name, command, helpers
        self.socket, self.data, self.log = f"/run/bench-{name}.sock", f"/srv/{name}", f"/srv/{name}.log"

    def __enter__(self):
        shutil.rmtree(self.data, ignore_errors=True)
        words = [*self.command, "--data-root", self.data, "--exec-root", f"/run/bench-{self.name}", "-H", f"unix://{self.socket}", "--pidfile", f"/run/bench-{self.name}.pid", "--log-level", "warn"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(words, stdin=NOTHING, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connection().call("GET", "/_ping")
                break
            except (OSError, http.client.HTTPException, RuntimeError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    with open(self.log) as log:
                        raise SystemExit(f"{self.name} did not start:\n{log.read()[-2000:]}")
                time.sleep(0.05)
        self.docker("import", "/srv/busybox.tar", "busybox:latest")
        return self

    def __exit__(self, *failure):
        connection = self.connection()
        try:
            for container in connection.call("GET", "/containers/json?all=1"):
                connection.call("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            print(f"  {self.name}: {error}")
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.data, ignore_errors=True)

    def connection(self):
        return Connection(self.socket)

    def docker_words(self, *words):
        """A command of the stock client."""
        return ["docker", "-H", f"unix://{self.socket}", *words]

    def docker(self, *words):
        subprocess.run(self.docker_words(*words), check=True, stdin=NOTHING, stdout=NOTHING)

    def processes(self):
        """The daemon and what helps it, as pids; not the containers' own programs."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/comm") as comm:
                    if comm.read().strip() in self.helpers:
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def memory(self, field):
        """KB in all of its processes, by a field of smaps_rollup: Rss counts what is shared wherever it is, Pss its share of it."""
        total = 0
        for pid in self.processes():
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                total += sum(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
        return total

    def cpu_seconds(self):
        # The clock of another process's CPU time (clock_getcpuclockid(3)), which has its ended threads in it too.
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.processes())


def yun():
    return Engine("yun", ["yun", "daemon", "--bip", "10.202.0.1/16"], {"yun", "yun-keeper"})


def dockerd():
    return Engine("dockerd", ["dockerd", "--storage-driver", "overlay2", "--bip", "10.201.0.1/16"], {"dockerd", "containerd", "containerd-shim", "docker-proxy"})
