"""Starting /bin/true in all namespaces with cgroups: yun-runtime beside crun, runc and the kernel's own cost."""
import os
import sys

from bundle import BUNDLE, specification
from timing import Case, measure, ratio, ratios

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
specification()
os.chdir(BUNDLE)

cases = measure("one container from a bundle", [
    Case("spawn /bin/true, no container", [f"{BUNDLE}/rootfs/bin/true"]),
    Case("floor: the kernel's calls from C", ["floor", f"{BUNDLE}/rootfs", "/bin/true"]),
    Case("yun-runtime run", ["yun-runtime", "run", "--bundle", BUNDLE, "yun-%d"]),
    Case("crun run", ["crun", "run", "--bundle", BUNDLE, "crun-%d"]),
    Case("runc run", ["runc", "run", "--bundle", BUNDLE, "runc-%d"]),
], rounds)

ours = cases["yun-runtime run"]
ratios()
ratio("yun-runtime run / crun run", ours, cases["crun run"], "≤ 1.2")
ratio("yun-runtime run / runc run", ours, cases["runc run"], "-")
ratio("yun-runtime run / floor", ours, cases["floor: the kernel's calls from C"], "-")
ratio("crun run / floor", cases["crun run"], cases["floor: the kernel's calls from C"], "-")
