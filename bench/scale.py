"""A hundred containers that sleep: how long they take to start, what each costs in memory, what they cost while nothing happens."""
import concurrent.futures
import threading
import time

from engines import dockerd, yun
from timing import value

CONTAINERS, AT_ONCE, IDLE_SECONDS = 100, 8, 20
local = threading.local()


def each(engine, items, call):
    """Calls for each item, so many at a time, each thread on its own connection. Gives the seconds."""
    def one(item):
        if getattr(local, "engine", None) is not engine:
            local.engine, local.connection = engine, engine.connection()
        return call(local.connection, item)
    start = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(one, items))
    return time.perf_counter() - start, results


def run(connection, _):
    container = connection.call("POST", "/containers/create", {"Image": "busybox", "Cmd": ["sleep", "100000"]})["Id"]
    connection.call("POST", f"/containers/{container}/start")
    return container


def look(engine):
    with engine:
        time.sleep(3)
        found = {"resident": engine.memory("Rss") / 1024}
        before = engine.memory("Pss")
        found["start"], containers = each(engine, range(CONTAINERS), run)
        time.sleep(5)
        found["each"] = (engine.memory("Pss") - before) / CONTAINERS
        cpu = engine.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        found["idle"] = (engine.cpu_seconds() - cpu) / IDLE_SECONDS * 100
        found["remove"], _ = each(engine, containers, lambda connection, container: connection.call("DELETE", f"/containers/{container}?force=1"))
        return found


ours, theirs = look(yun()), look(dockerd())
print(f"\n{CONTAINERS} sleeping containers, bridge network")
print(f"  {'':58}{'yun':>10}{'dockerd':>10}{'ratio':>10}")
value("idle, before the first: resident, MB", ours["resident"], theirs["resident"], "< 60 MB")
value(f"started {AT_ONCE} at a time, s", ours["start"], theirs["start"], "≤ 0.125 ×")
value("memory of the engine's own processes, each, KB (PSS)", ours["each"], theirs["each"], "< 200 KB")
value(f"CPU while idle for {IDLE_SECONDS} s, % of a core", ours["idle"], theirs["idle"], "< 0.2 %")
value(f"removed by force {AT_ONCE} at a time, s", ours["remove"], theirs["remove"], "-")
