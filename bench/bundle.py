"""The bundles that the runtimes are timed with: runc's own default spec, running /bin/true, and what is varied of it."""
import json
import os
import re
import subprocess

BUNDLE = "/srv/bundle"


def specification():
    path = f"{BUNDLE}/config.json"
    if not os.path.exists(path):
        subprocess.run(["runc", "spec", "--bundle", BUNDLE], check=True)
        with open(path) as file:
            spec = json.load(file)
        spec["process"].update(args=["/bin/true"], terminal=False)
        with open(path, "w") as file:
            json.dump(spec, file)
    with open(path) as file:
        return json.load(file)


def variation(name, change):
    """A bundle beside the first, with the same root and a spec that is changed. Gives its folder."""
    spec, folder = specification(), f"/srv/{name}"
    spec["root"]["path"] = f"{BUNDLE}/rootfs"
    change(spec)
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/config.json", "w") as file:
        json.dump(spec, file)
    return folder


def without_network(spec):
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "network"]


def with_filter(spec):
    """Docker's default profile, from the list that the daemon itself has."""
    with open("/srv/SeccompProfile.Calls.cs") as file:
        calls = re.findall(r'"([a-z0-9_]+)"', file.read())

    def one(value, op="SCMP_CMP_EQ", two=0):
        return [{"index": 0, "value": value, "valueTwo": two, "op": op}]
    rules = [{"names": calls + ["ptrace", "arch_prctl", "modify_ldt"], "action": "SCMP_ACT_ALLOW"},
             {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": one(0x7e020000, "SCMP_CMP_MASKED_EQ")},
             {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": one(38, "SCMP_CMP_LT")}]
    rules += [{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": one(value)} for value in (0, 8, 0x20000, 0x20008, 0xffffffff)]
    spec["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": rules}


def sleeping(spec):
    spec["process"]["args"] = ["/bin/sleep", "100000"]
