"""Times commands side by side: each round runs every case once, so that a noisy moment meets them all alike."""
import os
import resource
import statistics
import time

NOTHING = os.open("/dev/null", os.O_RDWR)


def cpu_of_the_world():
    """CPU seconds of everything in the world's cgroup: daemons, shims and containers too."""
    if os.path.exists("/sys/fs/cgroup/cpuacct/cpuacct.usage"):
        with open("/sys/fs/cgroup/cpuacct/cpuacct.usage") as usage:
            return int(usage.read()) / 1e9
    with open("/sys/fs/cgroup/cpu.stat") as stat:
        return int(stat.readline().split()[1]) / 1e6


class Case:
    """One thing to time: a command, or what a caller times itself. '%d' in a word becomes the round's number."""

    def __init__(self, label, action=None, before=None):
        self.label, self.action, self.before = label, action, before
        self.wall, self.cpu, self.rss, self.failed = [], [], 0, 0

    def run(self, number, counted):
        if self.before:
            self.before()
        cpu, start = cpu_of_the_world(), time.perf_counter()
        words = [word.replace("%d", str(number)) for word in self.action]
        child = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, NOTHING, fd) for fd in (0, 1, 2)])
        _, status, used = os.wait4(child, 0)
        wall, cpu = time.perf_counter() - start, cpu_of_the_world() - cpu
        if counted:
            self.wall.append(wall * 1000)
            self.cpu.append(cpu * 1000)
            self.rss = max(self.rss, used.ru_maxrss)
            self.failed += status != 0

    @property
    def median(self):
        return statistics.median(self.wall)

    @property
    def p10(self):
        return sorted(self.wall)[len(self.wall) // 10]


def measure(title, cases, rounds, warm=3):
    """Runs the cases in turn and prints a row for each."""
    for number in range(-warm, rounds):
        for case in cases:
            case.run(number + warm, number >= 0)
    return table(title, cases, rounds)


def table(title, cases, rounds):
    """Prints a row for each case, with the columns that it was measured for."""
    print(f"\n{title}  (n={rounds}, load {os.getloadavg()[0]:.1f})")
    print(f"  {'':44}{'median ms':>10}{'p10 ms':>10}" + (f"{'cpu ms':>10}{'peak RSS MB':>13}" if any(case.rss for case in cases) else ""))
    for case in cases:
        row = f"  {case.label:44}{case.median:10.2f}{case.p10:10.2f}"
        if case.rss:
            # A child is counted from its spawn on, when it still has this program's memory: less than that cannot be told.
            own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            row += f"{statistics.median(case.cpu):10.2f}" + (f"{case.rss / 1024:13.1f}" if case.rss > own else f"{f'< {own / 1024:.0f}':>13}")
        print(row + (f"   {case.failed} FAILED" if case.failed else ""), flush=True)
    return {case.label: case for case in cases}


def ratios():
    """Heads the table of ratios."""
    print(f"\n  {'ratio':58}{'median':>10}{'p10':>10}")


def ratio(what, ours, theirs, goal):
    """A row of the table of ratios: by the medians, and by the p10, which a busy machine disturbs less."""
    if ours.failed or theirs.failed:
        print(f"  {what:58}{'failed':>9}")
    else:
        print(f"  {what:58}{ours.median / theirs.median:8.2f} ×{ours.p10 / theirs.p10:8.2f} ×   goal {goal}")


def value(what, ours, theirs, goal):
    """A row of a table of single values: what they are, and their ratio."""
    print(f"  {what:58}{ours:10.2f}{theirs:10.2f}{ours / theirs if theirs else 0:8.3f} ×   goal {goal}", flush=True)
