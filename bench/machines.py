"""Virtual machines from images: Yun's beside a bare QEMU with the same kernel and initramfs, cold and from a template; many at once, and what they cost in memory."""
import contextlib
import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from engines import Connection
from timing import NOTHING, Case, ratio, ratios, table

binaries, tools, kernel, docker, busybox = sys.argv[1:6]
rounds = int(sys.argv[6]) if len(sys.argv) > 6 else 5
many = 20
warm_label = "yun.machine-warm-start=true"


@contextlib.contextmanager
def daemon(folder):
    """A daemon of this bench's own, with the kernel and the image."""
    path = f"{folder}/yun.sock"
    words = [f"{binaries}/yun", "daemon", "--data-root", f"{folder}/root", "--exec-root", f"{folder}/run", "--pidfile", f"{folder}/pid", "-H", f"unix://{path}", "--machine-tools", tools, "--log-level", "warn"]
    process = subprocess.Popen(words, stdin=NOTHING, stdout=NOTHING, stderr=NOTHING, start_new_session=True)
    try:
        while not os.path.exists(path):
            time.sleep(0.05)
        for command in ([f"{binaries}/yun", "-H", f"unix://{path}", "machine", "kernel", "install", kernel], [docker, "-H", f"unix://{path}", "import", busybox, "busybox:latest"]):
            subprocess.run(command, check=True, stdin=NOTHING, stdout=NOTHING)
        yield path
    finally:
        connection = Connection(path)
        for container in connection.call("GET", "/containers/json?all=1"):
            connection.call("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        process.terminate()
        process.wait(30)


def run(path, *options):
    """`docker run --rm` of true in a machine, in milliseconds."""
    start = time.perf_counter()
    subprocess.run([docker, "-H", f"unix://{path}", "run", "--rm", "--runtime", "vm", "--network", "none", *options, "busybox", "true"], check=True, stdin=NOTHING, stdout=NOTHING)
    return (time.perf_counter() - start) * 1000


def arguments_of(path):
    """QEMU's command line as a machine of ours has it, for the host's own paths and without disks."""
    connection = Connection(path)
    container = connection.call("POST", "/containers/create", {"Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": {"Runtime": "vm", "NetworkMode": "none"}})["Id"]
    connection.call("POST", f"/containers/{container}/start")
    monitor = connection.call("GET", f"/containers/{container}/json")["State"]["Pid"]
    with open(f"/proc/{monitor}/task/{monitor}/children") as children:
        emulator = children.read().split()[0]
    with open(f"/proc/{emulator}/cmdline") as line:
        words = line.read().split("\0")[1:-1]
    connection.call("DELETE", f"/containers/{container}?force=1")
    kept, skip = [], False
    for word, following in zip(words, [*words[1:], ""]):
        if skip:
            skip = False
        elif word == "-sandbox" or (word in ("-drive", "-device") and ("id=image" in following or "id=changes" in following or "virtio-blk" in following)):
            skip = True
        else:
            kept.append(word)
    machines = f"{os.path.dirname(path)}/root/machines/kernel"
    places = {"/vm/kernel": f"{machines}/vmlinux", "/vm/initrd": glob.glob(f"{machines}/initrd-*")[0]}
    qemu = f"{tools}/bin/qemu-system-x86_64"
    qemu = [qemu, "-L", f"{tools}/share/qemu", "-L", f"{tools}/share/seabios"] if os.path.exists(qemu) else ["/usr/bin/qemu-system-x86_64"]
    return [*qemu, *(places.get(word, word) for word in kept)]


def bare(words):
    """A bare QEMU with our guest: until it has said its first word and, since nobody is at its wire any more, has gone down."""
    ours, theirs = socket.socketpair()
    start = time.perf_counter()
    child = os.posix_spawn(words[0], words, {**os.environ, "LD_LIBRARY_PATH": f"{tools}/lib/{os.uname().machine}-linux-gnu"},
                           file_actions=[(os.POSIX_SPAWN_DUP2, NOTHING, fd) for fd in (0, 1, 2)] + [(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)])
    theirs.close()
    ours.recv(12)
    ours.close()
    os.waitpid(child, 0)
    return (time.perf_counter() - start) * 1000


def memory_of(names):
    """MB in processes of these names, each page shared among those that have it."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/comm") as comm:
                if comm.read().strip() not in names:
                    continue
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


folder = tempfile.mkdtemp(prefix="yun-bench-machines.")
try:
    with daemon(folder) as path:
        words = arguments_of(path)
        run(path, "--label", warm_label)
        cases = {"bare QEMU, the same kernel and initramfs": lambda: bare(words), "yun: docker run --rm true, cold": lambda: run(path), "yun: the same from a template": lambda: run(path, "--label", warm_label)}
        results = [Case(label) for label in cases]
        for _ in range(rounds):
            for case, action in zip(results, cases.values()):
                case.wall.append(action())
        table("a virtual machine from an image", results, rounds)

        before = memory_of({"yun", "yun-keeper", "yun-guest"})
        start = time.perf_counter()
        clients = [subprocess.Popen([docker, "-H", f"unix://{path}", "run", "-d", "--runtime", "vm", "--network", "none", "-m", "128m", "--label", warm_label, "busybox", "sleep", "1000"], stdin=NOTHING, stdout=NOTHING) for _ in range(many)]
        failed = sum(client.wait() != 0 for client in clients)
        took = time.perf_counter() - start
        own, emulators = memory_of({"yun", "yun-keeper", "yun-guest"}) - before, memory_of({"qemu-system-x86"})
        print(f"\n  {many} machines of 128 MiB at once: {took:.1f} s until all run{f', {failed} FAILED' if failed else ''}; memory of each: QEMU {emulators / many:.0f} MB, yun's own {own / many:.2f} MB   goal < 1 MB", flush=True)
    ratios()
    ratio("yun / bare QEMU: run --rm true", results[1], results[0], "≤ 1.15")
    ratio("from a template / cold", results[2], results[1], "≤ 0.6")
finally:
    shutil.rmtree(folder, ignore_errors=True)
