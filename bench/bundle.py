"""The bundle that the runtimes are timed with: runc's own default spec, running /bin/true."""
import json
import os
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
