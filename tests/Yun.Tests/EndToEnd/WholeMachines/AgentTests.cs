using System.Globalization;

namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>Commands in a guest, by the distribution's agent, and what is said where there is none.</summary>
public sealed class AgentTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Fact]
    public async Task A_guest_without_an_agent_is_told_what_it_needs()
    {
        var (daemon, system) = await machines.StartedAsync();
        var yun = daemon.Yun;
        await yun.TextAsync(["machine", "create", "--name", "silent", .. system.Options, "-m", "128m", "--network", "none"]);
        try
        {
            Refused(await yun.RunAsync("machine", "exec", "silent", "true"), "Machine silent is not running");
            await yun.TextAsync("machine", "start", "silent");
            Refused(await yun.RunAsync("machine", "exec", "silent", "true"), "No agent listens in machine silent: install the package qemu-guest-agent in the guest and start its service");
            Assert.Equal("none", await yun.TextAsync("machine", "inspect", "-f", "{{if .Guest}}{{.Guest.Agent}}{{else}}none{{end}}", "silent"));
        }
        finally { await yun.RunAsync("machine", "rm", "-f", "silent"); }
    }

    [Fact]
    public async Task A_command_runs_in_the_guest_with_its_streams_and_exit_code()
    {
        var (daemon, _) = await machines.StartedAsync();
        var yun = daemon.Yun;
        using var system = await GuestSystem.MakeAsync(agent: true);
        await yun.TextAsync(["machine", "create", "--name", "spoken", .. system.Options, "-m", "192m", "--hostname", "guest", "--disk", "1m"]);
        try
        {
            await yun.TextAsync("machine", "start", "spoken");
            await Eventually.HoldsAsync(async () => (await yun.RunAsync("machine", "exec", "spoken", "true")).ExitCode == 0);
            var run = await yun.RunAsync("machine", "exec", "spoken", "sh", "-c", "echo out; echo wrong >&2; exit 7");
            Assert.Equal((7, "out\n", "wrong\n"), (run.ExitCode, run.Output, run.Error));
            Assert.Equal("typed", (await yun.RunWithInputAsync("typed", "machine", "exec", "-i", "spoken", "cat")).Succeeded().Output);
            Assert.Equal("A=b", await yun.TextAsync("machine", "exec", "-e", "A=b", "spoken", "/bin/env"));
            Assert.Equal(137, (await yun.RunAsync("machine", "exec", "spoken", "sh", "-c", "kill -9 $$")).ExitCode);
            Assert.Equal(1_000_000, (await yun.RunAsync("machine", "exec", "spoken", "sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x")).Succeeded().Output.Length);
            var all = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => yun.TextAsync("machine", "exec", "spoken", "sh", "-c", $"sleep 1; echo {i}")));
            Assert.Equal(Enumerable.Range(0, 5).Select(i => i.ToString(CultureInfo.InvariantCulture)), all);

            var missing = await yun.RunAsync("machine", "exec", "spoken", "nosuch");
            Assert.Equal(127, missing.ExitCode);
            Assert.Contains("The guest agent of machine spoken refused 'guest-exec': ", missing.Error, StringComparison.Ordinal);
            Refused(await yun.RunAsync("machine", "exec", "--timeout", "1", "spoken", "sleep", "1000"), "'sleep' has not ended within 1 seconds in machine spoken: it goes on there as process ");

            Assert.Equal("guest", await yun.TextAsync("machine", "inspect", "-f", "{{.Guest.Hostname}}", "spoken"));
            var address = await yun.TextAsync("machine", "inspect", "-f", "{{.NetworkSettings.Networks.bridge.IPAddress}}", "spoken");
            Assert.Contains($"\"{address}/", await yun.TextAsync("machine", "inspect", "-f", "{{json .Guest.Addresses.eth0}}", "spoken"), StringComparison.Ordinal);

            await yun.TextAsync("machine", "pause", "spoken");
            Refused(await yun.RunAsync("machine", "exec", "spoken", "true"), "Machine spoken is paused: resume it first.");
            await yun.TextAsync("machine", "resume", "spoken");
            await ListensAgainAsync(daemon);
        }
        finally { await yun.RunAsync("machine", "rm", "-f", "spoken"); }
    }

    /// <summary>After the daemon was away, and in a QEMU that goes on from a saved state.</summary>
    private static async Task ListensAgainAsync(Daemon daemon)
    {
        await daemon.Yun.TextAsync("machine", "exec", "spoken", "sh", "-c", "echo kept >/tmp/kept");
        await daemon.KillAsync();
        await daemon.StartAgainAsync();
        await Eventually.HoldsAsync(async () => await daemon.Yun.RunAsync("machine", "exec", "spoken", "cat", "/tmp/kept") is { ExitCode: 0, Output: "kept\n" });
        await daemon.Yun.TextAsync("machine", "save", "spoken");
        await daemon.Yun.TextAsync("machine", "start", "spoken");
        Assert.Equal("kept", await daemon.Yun.TextAsync("machine", "exec", "spoken", "cat", "/tmp/kept"));
    }

    private static void Refused(CommandResult run, string words)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }
}
