"""Builds of five steps and of thirty, from nothing, from the cache, and with one file of the context changed: Yun's builder by the classic protocol and by BuildKit's, Docker's own two, and buildah."""
import os
import resource
import shutil
import subprocess
import sys

from engines import NOTHING, dockerd, yun
from timing import Case, ratio, ratios, table

rounds = max(3, int(sys.argv[1]) // 8) if len(sys.argv) > 1 else 5
# It would raise the limit of open files, which not every machine lets it.
files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
buildah = ["buildah", "--root", "/srv/buildah", "--runroot", "/run/bench-buildah", "--storage-driver", "overlay"]
contexts = {"5 steps": "/srv/build-5", "30 steps, 3 stages": "/srv/build-30"}


def write_contexts():
    for folder in contexts.values():
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(f"{folder}/files")
        for number in range(200):
            with open(f"{folder}/files/{number}", "wb") as file:
                file.write(os.urandom(5000))
        change(folder, 0)
    with open("/srv/build-5/Dockerfile", "w") as file:
        file.write("FROM busybox\nRUN mkdir /a\nCOPY files /files\nRUN ls /files > /a/list\nCOPY changing /a/\n")
    with open("/srv/build-30/Dockerfile", "w") as file:
        for stage in ("one", "two"):
            file.write(f"FROM busybox AS {stage}\nCOPY files /files\n" + "".join(f"RUN echo {stage}{step} > /step{step}\n" for step in range(9)))
        file.write("FROM busybox\nCOPY --from=one /files /one\nCOPY --from=two /files /two\n" + "".join(f"RUN echo {step} > /step{step}\n" for step in range(4)) + "COPY changing /\nRUN cat /changing\n")


def change(folder, number):
    with open(f"{folder}/changing", "w") as file:
        file.write(f"{number}\n")


def engine(one, build_kit):
    def build(folder, cached):
        words = one.docker_words("build", "-q", "-t", "built", *([] if cached else ["--no-cache"]), folder)
        return Case("", words), {"DOCKER_BUILDKIT": "1" if build_kit else "0"}
    return build


def of_buildah(folder, cached):
    return Case("", [*buildah, "build", "-q", "--isolation", "chroot", "--pull=never", "--ulimit", f"nofile={files}:{files}", "-t", "built", "--layers" if cached else "--no-cache", folder]), {}


write_contexts()
with yun() as mine, dockerd() as theirs:
    builders = {
        "yun, classic": engine(mine, False), "yun, BuildKit's protocol": engine(mine, True),
        "dockerd, classic": engine(theirs, False), "dockerd, BuildKit": engine(theirs, True), "buildah": of_buildah,
    }
    theirs.docker("save", "-o", "/srv/busybox-image.tar", "busybox:latest")
    subprocess.run([*buildah, "rmi", "-f", "-a"], stdin=NOTHING, stdout=NOTHING, stderr=NOTHING)
    subprocess.run([*buildah, "pull", "-q", "docker-archive:/srv/busybox-image.tar"], check=True, stdin=NOTHING, stdout=NOTHING)
    results = {}
    for title, folder in contexts.items():
        for kind in ("from nothing", "all cached", "one file changed"):
            cases = {}
            for number in range(-1, rounds):
                for name, build in builders.items():
                    case, environment = build(folder, kind != "from nothing")
                    total = cases.setdefault(name, Case(name))
                    if kind == "one file changed":
                        change(folder, f"{name} {number}")
                    os.environ.update(environment)
                    case.run(number, True)
                    if number >= 0:
                        total.wall += case.wall
                        total.cpu += case.cpu
                        total.failed += case.failed
            results[title, kind] = table(f"{title}, {kind}", list(cases.values()), rounds)
ratios()
goals = {"from nothing": "≤ 0.67", "all cached": "≤ 0.5", "one file changed": "< 1"}
for (title, kind), cases in results.items():
    peers = [case for name, case in cases.items() if not name.startswith("yun") and not case.failed]
    best = min(peers, key=lambda case: case.median)
    for name in ("yun, classic", "yun, BuildKit's protocol"):
        ratio(f"{name} / {best.label}: {title}, {kind}", cases[name], best, goals[kind])
