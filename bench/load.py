"""docker load of a large image: a quarter of a gigabyte in over ten thousand files."""
import os
import sys
import time

from engines import dockerd, yun
from timing import Case, measure, ratio, ratios

rounds = max(3, int(sys.argv[1]) // 8) if len(sys.argv) > 1 else 5
archive = "/srv/big-image.tar"


def forget(engine):
    """Without the image, and with the disk at rest."""
    def run():
        if engine.connection().call("GET", "/images/json?filters=%7B%22reference%22%3A%5B%22big%22%5D%7D"):
            engine.docker("rmi", "-f", "big")
        os.sync()
        time.sleep(1)
    return run


with yun() as ours, dockerd() as theirs:
    if not os.path.exists(archive):
        theirs.docker("import", "/srv/big.tar", "big:latest")
        theirs.docker("save", "-o", archive, "big:latest")
        os.remove("/srv/big.tar")
    cases = measure(f"docker load, {os.path.getsize(archive) / 1e6:.0f} MB", [
        Case("yun: docker load", ours.docker_words("load", "-q", "-i", archive), forget(ours)),
        Case("dockerd: docker load", theirs.docker_words("load", "-q", "-i", archive), forget(theirs)),
    ], rounds, warm=1)
ratios()
ratio("yun / dockerd: docker load", cases["yun: docker load"], cases["dockerd: docker load"], "≤ 0.5")
