"""Unpacking of one large layer and of one of 50,000 small files, beside tar, beside the decompressor alone, and beside a plain copy of as many bytes: how far from what bounds it."""
import io
import os
import shutil
import subprocess
import sys
import tarfile

from engines import yun
from timing import Case, measure, ratio, ratios

rounds = max(3, int(sys.argv[1]) // 8) if len(sys.argv) > 1 else 5
layers = {"one file of 400 MB": (1, 400_000_000), "50,000 files of 4 KB": (50_000, 4_000)}


def write(path, files, size):
    """Half of each file is noise, as programs are in part."""
    with tarfile.open(path, "w") as tar:
        for number in range(files):
            entry = tarfile.TarInfo(f"files/{number // 500}/{number}")
            entry.size = size
            tar.addfile(entry, io.BytesIO(b"".join(os.urandom(2_000) + bytes(2_000) for _ in range(size // 4_000))))
    subprocess.run(["gzip", "-kf", path], check=True)


def forget(engine):
    """Without the image, and with an empty folder for tar and the disk at rest."""
    def run():
        if engine.connection().call("GET", "/images/json?filters=%7B%22reference%22%3A%5B%22unpacked%22%5D%7D"):
            engine.docker("rmi", "-f", "unpacked")
        shutil.rmtree("/srv/unpacked", ignore_errors=True)
        os.makedirs("/srv/unpacked")
        os.sync()
    return run


with yun() as engine:
    results = {}
    for title, (files, size) in layers.items():
        tar = "/srv/layer.tar"
        write(tar, files, size)
        cases = [Case(f"yun: import, {form}", engine.docker_words("import", path, "unpacked"), forget(engine)) for form, path in (("plain", tar), ("gzip", tar + ".gz"))]
        for form, flags in (("plain", "-xf " + tar), ("gzip", f"-xzf {tar}.gz")):
            # What an import has answered is on the disk.
            cases.append(Case(f"tar, {form}, and sync", ["sh", "-c", f"tar -C /srv/unpacked {flags} && sync -f /srv/unpacked"], forget(engine)))
        cases.append(Case("the decompressor alone", ["sh", "-c", f"gzip -dc {tar}.gz > /dev/null"]))
        cases.append(Case("a copy as one file, and sync", ["sh", "-c", f"cat {tar} > /srv/unpacked/copy && sync -f /srv/unpacked"], forget(engine)))
        results[title] = measure(f"{title}", cases, rounds, warm=1)
        os.remove(tar)
        os.remove(tar + ".gz")
ratios()
for title, cases in results.items():
    for form in ("plain", "gzip"):
        ratio(f"yun / tar: {title}, {form}", cases[f"yun: import, {form}"], cases[f"tar, {form}, and sync"], "≤ 1")
    ratio(f"yun / the decompressor: {title}", cases["yun: import, gzip"], cases["the decompressor alone"], "near 1")
    ratio(f"yun / a copy: {title}", cases["yun: import, plain"], cases["a copy as one file, and sync"], "near 1")
