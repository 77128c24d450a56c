"""The engine's internal path: a spec goes to the keeper, and the process runs. Beside the same system calls from C, measured to the same moment."""
import array
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

from bundle import BUNDLE, specification
from timing import Case, ratio, ratios, table

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
SOCKET = "/run/bench-keeper.sock"


class Keeper:
    """The daemon's side of the keeper's socket (src/Protocol/KeeperProtocol.cs)."""

    def __init__(self):
        self.process = subprocess.Popen(["yun-runtime", "keep", "--socket", SOCKET, "--log", "/srv/keeper.log"])
        self.socket, self.bytes, self.number = socket.socket(socket.AF_UNIX), b"", 0
        for _ in range(100):
            try:
                self.socket.connect(SOCKET)
                break
            except OSError:
                time.sleep(0.05)
        self.call({"Hello": {"Version": 1, "Pid": 0, "Program": "bench"}})

    def send(self, request, payload=b"", descriptors=()):
        self.number += 1
        content = json.dumps({"Id": self.number, **request}).encode()
        frame = struct.pack("<ii", len(content), len(payload)) + content + payload
        sent = socket.send_fds(self.socket, [frame], descriptors) if descriptors else 0
        self.socket.sendall(frame[sent:])

    def receive(self):
        while True:
            if len(self.bytes) >= 8:
                length, payload = struct.unpack_from("<ii", self.bytes)
                if len(self.bytes) >= 8 + length + payload:
                    message = json.loads(self.bytes[8:8 + length])
                    self.bytes = self.bytes[8 + length + payload:]
                    return message
            content, ancillary, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(253 * 4))
            if not content:
                raise SystemExit("the keeper has gone")
            self.bytes += content
            for _, _, numbers in ancillary:
                for number in array.array("i", numbers[:len(numbers) // 4 * 4]):
                    os.close(number)

    def call(self, request, payload=b"", descriptors=()):
        self.send(request, payload, descriptors)
        while (message := self.receive()).get("Id") != self.number:
            pass
        if message.get("Error"):
            raise SystemExit(f"the keeper refused: {message['Error']['Message']}")
        return message


def network_namespace():
    """One made ahead of need, as the daemon's pool has them, and the processor's milliseconds that it took."""
    made = []

    def make():
        begin = time.thread_time()
        if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
            raise SystemExit("no network namespace can be made")
        made.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        made.append((time.thread_time() - begin) * 1000)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made


def keep(keeper, name, running, ended, namespace=None):
    spec = specification()
    spec["root"]["path"] = f"{BUNDLE}/rootfs"
    spec["linux"]["cgroupsPath"] = f"/{name}"
    payload = json.dumps(spec).encode()
    start = time.perf_counter()
    request = {"ProcessId": name, "ContainerId": name, "MountDestinations": [], "NetworkNamespace": namespace is not None}
    keeper.call({"Start": request}, payload, [] if namespace is None else [namespace])
    running.append((time.perf_counter() - start) * 1000)
    while not keeper.receive().get("Exited"):
        pass
    ended.append((time.perf_counter() - start) * 1000)
    keeper.call({"Forget": {"ProcessId": name}})


def floor(running, ended):
    said = subprocess.run(["floor", "--times", f"{BUNDLE}/rootfs", "/bin/true"], capture_output=True, check=True, text=True).stdout.split()
    running.append(int(said[0]) / 1000)
    ended.append(int(said[1]) / 1000)


cases = {label: Case(label) for label in ("floor: until the program runs", "floor: until it has ended, cgroup removed", "keeper: until the program runs", "keeper: until its end is told",
                                             "keeper, network namespace from a pool: until the program runs", "keeper, network namespace from a pool: until its end is told")}
pool = []
keeper = Keeper()
for number in range(-3, rounds):
    seen = [[] for _ in range(6)]
    floor(seen[0], seen[1])
    keep(keeper, f"keeper{number + 3}", seen[2], seen[3])
    namespace, cost = network_namespace()
    keep(keeper, f"pooled{number + 3}", seen[4], seen[5], namespace)
    os.close(namespace)
    pool.append(cost)
    if number >= 0:
        for case, times in zip(cases.values(), seen):
            case.wall += times
table("inside a running process: spec in, process running", cases.values(), rounds)
keeper.call({"Stop": {}})
keeper.process.wait(10)
ratios()
ratio("keeper / floor: until the program runs", cases["keeper: until the program runs"], cases["floor: until the program runs"], "≤ 1.5")
ratio("keeper / floor: until its end", cases["keeper: until its end is told"], cases["floor: until it has ended, cgroup removed"], "-")
ratio("keeper with a pool / floor: until the program runs", cases["keeper, network namespace from a pool: until the program runs"], cases["floor: until the program runs"], "< 1")
print(f"\nmaking a network namespace for the pool takes {sorted(pool)[len(pool) // 2]:.2f} ms of processor time (median), before anybody waits for it")
