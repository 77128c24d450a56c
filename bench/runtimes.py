"""Starting /bin/true in all namespaces with cgroups: yun-runtime beside crun, runc and the kernel's own cost."""
import json
import os
import subprocess
import sys

from timing import Case, measure, ratio

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
bundle = "/work/bundle"
if not os.path.exists(f"{bundle}/config.json"):
    subprocess.run(["runc", "spec", "--bundle", bundle], check=True)
    with open(f"{bundle}/config.json") as file:
        spec = json.load(file)
    spec["process"].update(args=["/bin/true"], terminal=False)
    with open(f"{bundle}/config.json", "w") as file:
        json.dump(spec, file)
os.chdir(bundle)

cases = measure("one container from a bundle", [
    Case("spawn /bin/true, no container", [f"{bundle}/rootfs/bin/true"]),
    Case("floor: the kernel's calls from C", ["floor", f"{bundle}/rootfs", "/bin/true"]),
    Case("yun-runtime run", ["yun-runtime", "run", "--bundle", bundle, "yun-%d"]),
    Case("crun run", ["crun", "run", "--bundle", bundle, "crun-%d"]),
    Case("runc run", ["runc", "run", "--bundle", bundle, "runc-%d"]),
], rounds)

ours = cases["yun-runtime run"]
print(f"\n  {'ratio':58}{'median':>10}{'p10':>10}")
ratio("yun-runtime run / crun run", ours, cases["crun run"], "≤ 1.2")
ratio("yun-runtime run / runc run", ours, cases["runc run"], "-")
ratio("yun-runtime run / floor", ours, cases["floor: the kernel's calls from C"], "-")
ratio("crun run / floor", cases["crun run"], cases["floor: the kernel's calls from C"], "-")
