namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>Guests and hosts that behave badly: what a machine does about it, and what is told.</summary>
public sealed class TroubleTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Fact]
    public async Task A_full_disk_of_the_host_pauses_the_guest_until_there_is_room()
    {
        var (daemon, system) = await machines.StartedAsync();
        var yun = daemon.Yun;
        using var files = new ScratchFolder();
        Directory.CreateDirectory(files["small"]);
        (await new Command("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", files["small"]).RunAsync()).Succeeded();
        try
        {
            using (var disk = File.Create(files["small/disk"])) disk.SetLength(64 << 20);
            File.WriteAllBytes(files["small/filler"], new byte[34 << 20]);
            await yun.TextAsync(["machine", "create", "--name", "filled", .. system.Options, "-m", "128m", "--network", "none", "--disk", files["small/disk"]]);
            await yun.TextAsync("machine", "start", "filled");
            await using var console = yun.OnTerminal("machine console --logs filled");
            await console.SeeAsync("ready# ");
            await console.TypeAsync("dd if=/dev/urandom of=/dev/vda bs=1M count=12 2>/dev/null; sync; echo written $((1+1))\r");
            await Eventually.HoldsAsync(async () => await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}} {{.State.Cause}}", "filled") == "paused the host's disk is full");
            Assert.DoesNotContain("written 2", console.Seen);
            File.Delete(files["small/filler"]);
            await console.SeeAsync("written 2");
            Assert.Equal("running", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}}", "filled"));
            var events = (await yun.RunAsync("machine", "events", "--since", "1h", "--until", "0s", "--filter", "machine=filled")).Succeeded().Lines;
            Assert.Single(events, line => line.Contains(" io-error ", StringComparison.Ordinal) && line.Contains("reason=the host's disk is full", StringComparison.Ordinal));
            Assert.Contains(events, line => line.Contains(" resume ", StringComparison.Ordinal) && line.Contains("cause=there is room again", StringComparison.Ordinal));
        }
        finally
        {
            await yun.RunAsync("machine", "rm", "-f", "filled");
            (await new Command("umount", files["small"]).RunAsync()).Succeeded();
        }
    }

    [Fact]
    public async Task A_panic_and_a_killed_emulator_start_the_machine_again_and_a_guest_that_ignores_the_button_is_ended()
    {
        var (daemon, system) = await machines.StartedAsync();
        var yun = daemon.Yun;
        await yun.TextAsync(["machine", "create", "--name", "restless", .. system.Options, "-m", "128m", "--network", "none", "--restart", "on-failure"]);
        try
        {
            await yun.TextAsync("machine", "start", "restless");
            await using (var console = yun.OnTerminal("machine console --logs restless"))
            {
                await console.SeeAsync("ready# ");
                await console.TypeAsync("echo c > /proc/sysrq-trigger\r");
                await Eventually.HoldsAsync(async () => await yun.TextAsync("machine", "inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "restless") == "1 running");
            }
            (await new Command("kill", "-9", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Pid}}", "restless")).RunAsync()).Succeeded();
            await Eventually.HoldsAsync(async () => await yun.TextAsync("machine", "inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "restless") == "2 running");
            // It is in its BIOS, or a little further, and has no ear for buttons yet.
            await yun.TextAsync("machine", "stop", "-t", "0", "restless");
            Assert.Equal("137 the guest ignored the power button for 0 seconds, and was killed", await yun.TextAsync("machine", "inspect", "-f", "{{.State.ExitCode}} {{.State.Cause}}", "restless"));
            var events = (await yun.RunAsync("machine", "events", "--since", "1h", "--until", "0s", "--filter", "machine=restless")).Succeeded().Lines;
            Assert.Contains(events, line => line.Contains(" panic ", StringComparison.Ordinal));
            Assert.Contains(events, line => line.Contains(" die ", StringComparison.Ordinal) && line.Contains("cause=the guest panicked, exitCode=1", StringComparison.Ordinal));
            Assert.Contains(events, line => line.Contains(" die ", StringComparison.Ordinal) && line.Contains("cause=QEMU was killed, exitCode=137", StringComparison.Ordinal));
        }
        finally { await yun.RunAsync("machine", "rm", "-f", "restless"); }
    }
}
