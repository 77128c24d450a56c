using System.Globalization;

namespace Yun.Tests.EndToEnd.ImageMachines;

/// <summary>Guests that hang, panic, spin and eat: what is told of each, and that nobody beside them notices.</summary>
public sealed class WatchTests
{
    private const string Count = "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.2; done";

    [Fact]
    public async Task What_befalls_a_guest_is_told_with_its_cause_and_harms_nobody_beside_it()
    {
        await using var daemon = await MachineFixture.StartNewAsync("--machine-boot-deadline", "30");
        var docker = daemon.Docker;
        await docker.TextAsync("run", "-d", "--name", "container", "--network", "none", "busybox", "sh", "-c", Count);
        await docker.TextAsync([.. Machine("neighbour"), "busybox", "sh", "-c", Count]);

        // Before there is any other load: it has its time to come up, and no more.
        var stuck = docker.TextAsync([.. Machine("stuck"), "busybox", "sh", "-c", "echo up; sleep 1000"]);
        var emulator = await EmulatorAsync(daemon, "stuck");
        await SignalAsync("STOP", emulator);
        await stuck;
        Assert.NotEqual(emulator, await EmulatorAsync(daemon, "stuck"));

        await docker.TextAsync([.. Machine("panics"), "--security-opt", "systempaths=unconfined", "busybox", "sh", "-c", "sleep 1; echo c > /proc/sysrq-trigger; sleep 1000"]);
        await docker.TextAsync([.. Machine("hangs"), "--restart", "on-failure", "--label", "yun.machine-watchdog=6", "busybox", "sh", "-c", "sleep 1000"]);
        await docker.TextAsync([.. Machine("spins"), "busybox", "sh", "-c", "while :; do :; done & while :; do :; done"]);
        await docker.TextAsync([.. Machine("eats"), "busybox", "sh", "-c", "while :; do tail /dev/zero; done"]);
        await SignalAsync("STOP", await EmulatorAsync(daemon, "hangs"));

        Assert.Equal("137", await docker.TextAsync("wait", "panics"));
        await Eventually.HoldsAsync(async () => await docker.TextAsync("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "hangs") == "1 running");

        var events = (await daemon.Yun.RunAsync("machine", "events", "--since", "1h", "--until", "0s")).Succeeded().Lines;
        Happened(events, "boot-retry", "stuck", "cause=the virtual machine did not answer within 30 seconds");
        Happened(events, "panic", "panics", "cause=the guest's kernel panicked: ");
        Happened(events, "unresponsive", "hangs", "cause=the guest has been silent for 3 seconds");
        Happened(events, "watchdog", "hangs", "cause=the guest was silent for 6 seconds, and was ended");
        Assert.DoesNotContain(events, line => line.Contains("name=neighbour", StringComparison.Ordinal) || line.Contains("name=spins", StringComparison.Ordinal));
        var died = (await docker.RunAsync("events", "--since", "1h", "--until", "0s", "--filter", "event=die", "--filter", "container=hangs")).Succeeded().Lines;
        Assert.Contains(died, line => line.Contains("cause=the guest was silent for 6 seconds, and was ended", StringComparison.Ordinal));

        foreach (var name in (string[])["container", "neighbour"])
        {
            Assert.Equal("running 0", await docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", name));
            var lines = (await docker.RunAsync("logs", name)).Lines;
            Assert.Equal(Enumerable.Range(0, lines.Length).Select(i => $"line {i}"), lines);
            await Eventually.HoldsAsync(async () => (await docker.RunAsync("logs", name)).Lines.Length > lines.Length + 5);
        }
        Assert.Equal("here", await docker.TextAsync("exec", "spins", "echo", "here"));
    }

    private static string[] Machine(string name) => ["run", "-d", "--name", name, "--runtime", "vm", "--network", "none", "-m", "96m"];

    private static void Happened(string[] events, string action, string name, string words) =>
        Assert.Contains(events, line => line.Contains($" machine {action} ", StringComparison.Ordinal) && line.Contains($"name={name}", StringComparison.Ordinal) && line.Contains(words, StringComparison.Ordinal));

    /// <summary>The machine's QEMU, as soon as there is one.</summary>
    private static async Task<int> EmulatorAsync(Daemon daemon, string name)
    {
        var found = 0;
        await Eventually.HoldsAsync(async () =>
        {
            if (await daemon.Docker.RunAsync("inspect", "-f", "{{.Id}}", name) is not { ExitCode: 0 } inspected) return false;
            var cgroup = Directory.GetDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup").Select(hierarchy => Path.Combine(hierarchy, $"yun-{daemon.Hash}", inspected.Text, "cgroup.procs")).FirstOrDefault(File.Exists);
            if (cgroup is null) return false;
            foreach (var pid in File.ReadAllLines(cgroup))
                if (File.Exists($"/proc/{pid}/comm") && File.ReadAllText($"/proc/{pid}/comm").StartsWith("qemu", StringComparison.Ordinal)) found = int.Parse(pid, CultureInfo.InvariantCulture);
            return found != 0;
        });
        return found;
    }

    private static async Task SignalAsync(string signal, int process) => (await new Command("kill", $"-{signal}", $"{process}").RunAsync()).Succeeded();
}
