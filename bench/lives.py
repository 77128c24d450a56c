"""What an engine asks of a runtime: create, start and delete, exec, without a network namespace, with a filter, and many at once."""
import concurrent.futures
import json
import os
import subprocess
import sys
import time

from bundle import BUNDLE, sleeping, specification, variation, with_filter, without_network
from timing import Case, NOTHING, cpu_of_the_world, measure, ratio, ratios

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
RUNTIMES = ("yun-runtime", "crun", "runc")
MANY, AT_ONCE = 500, 8
LIFE = '"$0" create --bundle "$2" "$1" && "$0" start "$1" && "$0" delete --force "$1"'
NOWHERE = {"stdin": NOTHING, "stdout": NOTHING, "stderr": NOTHING}
specification()


def each(title, command, floor=None):
    """Times one command of every runtime, beside the kernel's own cost where it can be told, and prints what ours is to theirs."""
    cases = [Case("the kernel's calls from C", floor)] if floor else []
    cases += [Case(runtime, command(runtime)) for runtime in RUNTIMES]
    found = measure(title, cases, rounds)
    ratios()
    for other in ("crun", "runc", "the kernel's calls from C"):
        if other in found:
            ratio(f"{title}: yun-runtime / {other}", found["yun-runtime"], found[other], "< 1" if other == "crun" else "-")
    ours, theirs = found["yun-runtime"], found["crun"]
    print(f"  {'CPU of the whole world: yun-runtime / crun':58}{sum(ours.cpu) / max(sum(theirs.cpu), 0.001):8.2f} ×{'':10}   goal < 1", flush=True)


def run(bundle):
    return lambda runtime: [runtime, "run", "--bundle", bundle, f"{runtime}-%d"]


bare = ["floor", f"{BUNDLE}/rootfs", "/bin/true"]
each("run, without a network namespace", run(variation("no-network", without_network)), ["floor", "--host-network"] + bare[1:])
each("run, with Docker's filter", run(variation("filter", with_filter)), bare)
each("create, start, delete", lambda runtime: ["sh", "-c", LIFE, runtime, f"{runtime}-%d", BUNDLE], bare)

asleep = variation("asleep", sleeping)
try:
    for runtime in RUNTIMES:
        subprocess.run([runtime, "create", "--bundle", asleep, f"{runtime}-asleep"], check=True, **NOWHERE)
        subprocess.run([runtime, "start", f"{runtime}-asleep"], check=True, **NOWHERE)
    pid = json.loads(subprocess.run(["crun", "state", "crun-asleep"], check=True, capture_output=True).stdout)["pid"]
    each("exec", lambda runtime: [runtime, "exec", f"{runtime}-asleep", "/bin/true"], ["nsenter", "--target", str(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "/bin/true"])
finally:
    for runtime in RUNTIMES:
        subprocess.run([runtime, "delete", "--force", f"{runtime}-asleep"], **NOWHERE)

print(f"\n{MANY} containers, {AT_ONCE} at a time\n  {'':44}{'wall s':>10}{'cpu s':>10}{'failed':>10}")
for runtime in RUNTIMES:
    cpu, start = cpu_of_the_world(), time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        codes = list(pool.map(lambda number: subprocess.run([runtime, "run", "--bundle", BUNDLE, f"{runtime}-many{number}"], **NOWHERE).returncode, range(MANY)))
    print(f"  {runtime:44}{time.perf_counter() - start:10.2f}{cpu_of_the_world() - cpu:10.2f}{sum(code != 0 for code in codes):10d}", flush=True)
print(f"\npeak resident memory, MB\n  {'':44}{'run':>10}{'create':>10}{'start':>10}{'delete':>10}{'exec':>10}")
for runtime in RUNTIMES:
    name, sizes = f"{runtime}-peak", []
    for words in (["run", "--bundle", BUNDLE, f"{name}-run"], ["create", "--bundle", asleep, name], ["start", name], ["exec", name, "/bin/true"], ["delete", "--force", name]):
        said, size = os.pipe()
        subprocess.run(["sh", "-c", f'exec peak "$@" 3>&{size}', "-", runtime, *words], check=True, pass_fds=[size], **NOWHERE)
        os.close(size)
        with os.fdopen(said) as file:
            sizes.append(int(file.readline()) / 1024)
    sizes.insert(4, sizes.pop(3))
    print(f"  {runtime:44}" + "".join(f"{size:10.1f}" for size in sizes), flush=True)
