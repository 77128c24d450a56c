"""docker pull from one registry: Docker's daemon, podman and Yun, each with its own storage, the image gone before each round."""
import os
import subprocess
import sys
import time

from engines import NOTHING, dockerd, yun
from registries import ours
from timing import Case, measure, ratio, ratios

os.environ["PODMAN_IGNORE_CGROUPSV1_WARNING"] = "1"
rounds = max(3, int(sys.argv[1]) // 8) if len(sys.argv) > 1 else 5
podman = ["podman", "--root", "/srv/podman", "--runroot", "/run/bench-podman", "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs", "--events-backend", "none"]


def quietly(*words):
    subprocess.run(words, check=True, stdin=NOTHING, stdout=NOTHING)


def forget(*words):
    """Without the image, and with the disk at rest."""
    def run():
        subprocess.run(words, stdin=NOTHING, stdout=NOTHING, stderr=NOTHING)
        os.sync()
        time.sleep(1)
    return run


with ours() as registry, yun() as mine, dockerd() as theirs:
    name = f"{registry.address}/big:v1"
    theirs.docker("import", "/srv/big.tar", "big:latest")
    theirs.docker("tag", "big:latest", name)
    theirs.docker("push", "-q", name)
    theirs.docker("rmi", "big:latest", name)
    cases = [
        Case("yun: docker pull", mine.docker_words("pull", "-q", name), forget(*mine.docker_words("rmi", "-f", name))),
        Case("dockerd: docker pull", theirs.docker_words("pull", "-q", name), forget(*theirs.docker_words("rmi", "-f", name))),
        Case("podman pull", [*podman, "pull", "-q", "--tls-verify=false", name], forget(*podman, "rmi", "-f", name)),
    ]
    results = measure("pull and unpack of one layer, 10,958 entries", cases, rounds, warm=1)
    quietly(*podman, "rmi", "-f", "-a")
ratios()
ratio("yun / dockerd: docker pull", results["yun: docker pull"], results["dockerd: docker pull"], "≤ 0.33")
ratio("yun / podman: pull", results["yun: docker pull"], results["podman pull"], "< 1")
