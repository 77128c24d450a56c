"""Registries: an image of a quarter of a gigabyte in twelve layers pushed and pulled by one client and by eight, one blob by one stream, and manifests by sixteen connections."""
import os
import re
import subprocess
import sys

from registries import at_once, image, ours, theirs
from timing import Case, ratio, ratios, table, value

rounds = max(3, int(sys.argv[1]) // 8) if len(sys.argv) > 1 else 5
layers, large = image(12, 250), image(1, 250)


def pushes(registry, clients):
    def run(number):
        # Every client its own content, or one would find the others' there: the first bytes differ.
        own = [image(12, 250 // clients) for _ in range(clients)]
        os.sync()
        return at_once(clients, lambda client: registry.put_image(f"push/{number}/{client}", own[client]))
    return run


def pulls(registry, clients, repository, content):
    return lambda number: at_once(clients, lambda client: registry.get_image(repository, content))


def manifests(registry):
    def run(number):
        told = subprocess.run(["wrk", "-t2", "-c16", "-d3s", "-H", "Accept: application/vnd.oci.image.manifest.v1+json", f"http://{registry.address}/v2/whole/manifests/v1"],
                              check=True, capture_output=True, text=True).stdout
        if "Non-2xx" in told:
            raise RuntimeError(told)
        # As a time for one, so that the ratio reads like the others.
        return 1 / float(re.search(r"Requests/sec:\s+([0-9.]+)", told).group(1))
    return run


with ours() as yun, theirs() as distribution:
    registries = {"yun": yun, "distribution": distribution}
    for registry in registries.values():
        registry.put_image("whole", layers)
        registry.put_image("large", large)
        registry.get_image("whole", layers)
    kinds = {
        "push 250 MB, 12 layers, 1 client": (lambda registry: pushes(registry, 1), "≤ 0.67"),
        "push 250 MB, 12 layers, 8 clients": (lambda registry: pushes(registry, 8), "≤ 0.67"),
        "pull 250 MB, 12 layers, 1 client": (lambda registry: pulls(registry, 1, "whole", layers), "≤ 0.67"),
        "pull 8 × 250 MB, 12 layers, 8 clients": (lambda registry: pulls(registry, 8, "whole", layers), "≤ 0.67"),
        "one blob of 250 MB, one stream": (lambda registry: pulls(registry, 1, "large", large), "≤ 0.67"),
        "one manifest, by 16 connections": (manifests, "≤ 0.2"),
    }
    results = {}
    for kind, (make, _) in kinds.items():
        works = {name: make(registry) for name, registry in registries.items()}
        cases = {name: Case(f"{name}: {kind}") for name in works}
        for number in range(-1, rounds):
            for name, work in works.items():
                seconds = work(number + 1)
                if number >= 0:
                    cases[name].wall.append(seconds * 1000)
        table(kind, list(cases.values()), rounds)
        results[kind] = cases
    ratios()
    for kind, cases in results.items():
        ratio(f"yun / distribution: {kind}", cases["yun"], cases["distribution"], kinds[kind][1])
    print(f"\n  {'':58}{'yun':>10}{'distr.':>10}")
    value("peak resident memory, MB", yun.memory() / 1024, distribution.memory() / 1024, "≤ 1")
    value("manifests a second", 1000 / results["one manifest, by 16 connections"]["yun"].median, 1000 / results["one manifest, by 16 connections"]["distribution"].median, "≥ 5")
    value("MB a second of one blob", 250_000 / results["one blob of 250 MB, one stream"]["yun"].median, 250_000 / results["one blob of 250 MB, one stream"]["distribution"].median, "≥ 1.5")
