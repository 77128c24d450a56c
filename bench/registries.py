"""The distribution's registry and Yun's, alone on a port of loopback each, and one client for both that is no bottleneck: bytes are sent and taken without being looked at."""
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import threading
import time

NOTHING = os.open("/dev/null", os.O_RDWR)
CHUNK = 1 << 20


class Registry:
    """From `with` to its end, on a folder of its own."""

    def __init__(self, name, port):
        self.name, self.port, self.data = name, port, f"/srv/registry-{name}"

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def words(self):
        if self.name == "yun":
            return ["yun", "registry", "serve", "--data-root", self.data, "--listen", self.address]
        with open(f"{self.data}/config.yml", "w") as config:
            config.write("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
                         f"storage: {{filesystem: {{rootdirectory: {self.data}/blobs}}, delete: {{enabled: true}}}}\nhttp: {{addr: '{self.address}'}}\n")
        return ["docker-registry", "serve", f"{self.data}/config.yml"]

    def __enter__(self):
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data)
        with open(f"/srv/registry-{self.name}.log", "w") as log:
            self.process = subprocess.Popen(self.words(), stdin=NOTHING, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.call("GET", "/v2/")
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the registry {self.name} did not start: see /srv/registry-{self.name}.log")
                time.sleep(0.05)

    def __exit__(self, *failure):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.data, ignore_errors=True)

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, blocksize=CHUNK)

    def call(self, method, path, body=None, headers=None, connection=None):
        connection = connection or self.connection()
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.body = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:300]}")
        return answer

    def put_blob(self, repository, digest, content, connection):
        """In one request, as clients do: POST for a place, PUT of the bytes."""
        place = self.call("POST", f"/v2/{repository}/blobs/uploads/", b"", connection=connection).headers["Location"]
        place = place[place.index("/v2/"):]
        self.call("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content, {"Content-Type": "application/octet-stream"}, connection)

    def put_image(self, repository, layers, tag="v1"):
        connection = self.connection()
        config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
        described = []
        for digest, content in [(digest_of(config), config), *layers]:
            self.put_blob(repository, digest, content, connection)
            described.append({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": len(content)})
        described[0]["mediaType"] = "application/vnd.oci.image.config.v1+json"
        manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": described[0], "layers": described[1:]})
        self.call("PUT", f"/v2/{repository}/manifests/{tag}", manifest, {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}, connection)

    def get_image(self, repository, layers, tag="v1"):
        connection, buffer = self.connection(), bytearray(CHUNK)
        self.call("GET", f"/v2/{repository}/manifests/{tag}", None, {"Accept": "application/vnd.oci.image.manifest.v1+json"}, connection)
        for digest, content in layers:
            connection.request("GET", f"/v2/{repository}/blobs/{digest}")
            answer, taken = connection.getresponse(), 0
            while read := answer.readinto(buffer):
                taken += read
            if taken != len(content):
                raise RuntimeError(f"{self.name} gave {taken} bytes of {digest}")

    def memory(self, field="VmHWM"):
        with open(f"/proc/{self.process.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def digest_of(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def image(layers, megabytes):
    """Layers that nothing can compress, as blobs are."""
    contents = [os.urandom(megabytes * 1_000_000 // layers) for _ in range(layers)]
    return [(digest_of(content), content) for content in contents]


def at_once(count, work):
    """Seconds until all of them are done."""
    failures = []

    def guarded(number):
        try:
            work(number)
        except Exception as failure:  # a thread's failure would be lost
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - start


def ours():
    return Registry("yun", 5801)


def theirs():
    return Registry("distribution", 5802)
