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
    """One thing to time: a command, or a function. '%d' in a word becomes the round's number."""

    def __init__(self, label, action, before=None):
        self.label, self.action, self.before = label, action, before
        self.wall, self.cpu, self.rss, self.failed = [], [], 0, 0

    def run(self, number, counted):
        if self.before:
            self.before()
        cpu, start = cpu_of_the_world(), time.perf_counter()
        if callable(self.action):
            status, rss = self.action() or 0, 0
        else:
            words = [word.replace("%d", str(number)) for word in self.action]
            child = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, NOTHING, fd) for fd in (0, 1, 2)])
            _, status, used = os.wait4(child, 0)
            rss = used.ru_maxrss
        wall, cpu = time.perf_counter() - start, cpu_of_the_world() - cpu
        if counted:
            self.wall.append(wall * 1000)
            self.cpu.append(cpu * 1000)
            self.rss = max(self.rss, rss)
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
    print(f"\n{title}  (n={rounds}, load {os.getloadavg()[0]:.1f})")
    print(f"  {'':44}{'median ms':>10}{'p10 ms':>10}{'cpu ms':>10}{'peak RSS MB':>13}")
    for case in cases:
        failed = f"   {case.failed} FAILED" if case.failed else ""
        # A child is counted from its spawn on, when it still has this program's memory: less than that cannot be told.
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rss = "" if not case.rss else f"{case.rss / 1024:13.1f}" if case.rss > own else f"{f'< {own / 1024:.0f}':>13}"
        print(f"  {case.label:44}{case.median:10.2f}{case.p10:10.2f}{statistics.median(case.cpu):10.2f}{rss}{failed}")
    return {case.label: case for case in cases}


def ratio(what, ours, theirs, goal):
    """A row of the table of ratios: by the medians, and by the p10, which a busy machine disturbs less."""
    if ours.failed or theirs.failed:
        print(f"  {what:58}{'failed':>9}")
    else:
        print(f"  {what:58}{ours.median / theirs.median:8.2f} ×{ours.p10 / theirs.p10:8.2f} ×   goal {goal}")
