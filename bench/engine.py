"""One container by the Engine API, on one connection and by the stock client: Yun's daemon beside dockerd."""
import sys
import time

from engines import dockerd, yun
from timing import Case, measure, ratio, ratios, table

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
steps = ("create", "start", "wait", "remove")


class Calls:
    """The four calls of a container's life on one connection that stays open."""

    def __init__(self, engine):
        self.connection = engine.connection()
        self.series = {step: Case(f"{engine.name}: {step}") for step in (*steps, "all four")}

    def run(self, counted):
        times = [time.perf_counter()]
        container = self.connection.call("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"]})["Id"]
        times.append(time.perf_counter())
        for method, path in (("POST", f"/containers/{container}/start"), ("POST", f"/containers/{container}/wait"), ("DELETE", f"/containers/{container}?v=1")):
            self.connection.call(method, path)
            times.append(time.perf_counter())
        if counted:
            for step, start, end in zip(steps, times, times[1:]):
                self.series[step].wall.append((end - start) * 1000)
            self.series["all four"].wall.append((times[-1] - times[0]) * 1000)


with yun() as ours, dockerd() as theirs:
    sides = [Calls(ours), Calls(theirs)]
    for number in range(-3, rounds):
        for side in sides:
            side.run(number >= 0)
    table("the Engine API on one connection, bridge network", [case for side in sides for case in side.series.values()], rounds)
    client = measure("the stock client, bridge network", [
        Case("docker version (the client, and one call)", ours.docker_words("version")),
        Case("yun: docker run --rm busybox true", ours.docker_words("run", "--rm", "busybox", "true")),
        Case("dockerd: docker run --rm busybox true", theirs.docker_words("run", "--rm", "busybox", "true")),
    ], max(5, rounds // 2))
ratios()
for step in steps:
    ratio(f"yun / dockerd: {step}", sides[0].series[step], sides[1].series[step], "-")
ratio("yun / dockerd: create, start, wait, remove", sides[0].series["all four"], sides[1].series["all four"], "≤ 0.1")
ratio("yun / dockerd: docker run --rm busybox true", client["yun: docker run --rm busybox true"], client["dockerd: docker run --rm busybox true"], "≤ 0.25")
