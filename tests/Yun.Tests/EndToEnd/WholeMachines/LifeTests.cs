using System.Globalization;

namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>One machine through its whole life, since a boot takes seconds where the processor is emulated.</summary>
public sealed class LifeTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Fact]
    public async Task A_machine_lives_as_a_container_does_with_a_console_disks_networks_and_states_of_its_own()
    {
        var (daemon, system) = await machines.StartedAsync();
        var (yun, docker, port) = (daemon.Yun, daemon.Docker, LoopbackPort.Free());
        using var files = new ScratchFolder(("user-data", "#cloud-config\nwords: of the user\n"));
        await docker.TextAsync("network", "create", "between");
        await docker.TextAsync("run", "-d", "--name", "beside", "--network", "between", "busybox", "sh", "-c", "mkdir /www; echo from beside > /www/index.html; httpd -f -h /www -p 80");
        File.WriteAllBytes(files["base.raw"], new byte[4 << 20]);
        await yun.TextAsync("machine", "import", "--name", "base", files["base.raw"]);
        try
        {
            await yun.TextAsync(["machine", "create", "--name", "whole", .. system.Options, "-m", "128m", "--hostname", "guest", "--network", "between", "-p", $"127.0.0.1:{port}:80",
                "--disk", "base,size=8m", "--disk", "16m", "--user-data", files["user-data"], "--label", "kind=test"]);
            await yun.TextAsync("machine", "start", "whole");
            Assert.Equal("running qemu/tcg", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}} {{.Hypervisor}}", "whole"));
            await NetworkWorksAsync(yun, docker, port);
            await DisksWorkAsync(yun);
            await StatesWorkAsync(yun);
            await OutlivesTheDaemonAsync(daemon);

            await yun.TextAsync("machine", "stop", "whole");
            Assert.Equal("exited 0 the guest shut down", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Cause}}", "whole"));
            var events = (await yun.RunAsync("machine", "events", "--since", "1h", "--until", "0s")).Succeeded().Lines;
            Assert.Contains(events, line => line.Contains(" machine die ", StringComparison.Ordinal) && line.Contains("cause=the guest shut down, exitCode=0, kind=test, name=whole", StringComparison.Ordinal));
        }
        finally
        {
            await yun.RunAsync("machine", "rm", "-f", "whole");
            await yun.RunAsync("machine", "disk", "rm", "base");
            await docker.RunAsync("rm", "-f", "beside");
            await docker.RunAsync("network", "rm", "between");
        }
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "machines", "instances")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "machines", "library")));
    }

    /// <summary>Its address by DHCP, names both ways, and its published port.</summary>
    private static async Task NetworkWorksAsync(Client yun, Client docker, int port)
    {
        await using var console = yun.OnTerminal("machine console --logs whole");
        await console.SeeAsync("the guest is up");
        var address = await yun.TextAsync("machine", "inspect", "-f", "{{.NetworkSettings.Networks.between.IPAddress}}", "whole");
        await console.TypeAsync("hostname; ip -4 addr show eth0 | grep inet; wget -qO- http://beside/; echo done $((1+1))\r");
        await console.SeeAsync("done 2");
        Assert.Contains("guest", console.Seen);
        Assert.Contains(address + "/", console.Seen);
        Assert.Contains("from beside", console.Seen);
        Assert.Equal("served by the guest", await docker.TextAsync("exec", "beside", "wget", "-qO-", "http://whole/"));
        using var http = new HttpClient();
        Assert.Equal("served by the guest\n", await http.GetStringAsync($"http://127.0.0.1:{port}/"));
        await console.TypeAsync("\u0010\u0011");
        Assert.Equal(0, await console.ExitCodeAsync());
    }

    private static async Task DisksWorkAsync(Client yun)
    {
        await using var console = yun.OnTerminal("machine console whole");
        await console.TypeAsync("\rcat /sys/block/vda/size /sys/block/vdb/size /sys/block/vda/serial; mkdir /seed; mount -t iso9660 /dev/vdc /seed; cat /seed/user-data /seed/meta-data /seed/network-config; echo seed $((1+1))\r");
        await console.SeeAsync("seed 2");
        foreach (var words in (string[])["16384", "32768", "disk0", "words: of the user", "local-hostname: guest", "dhcp4: true"]) Assert.Contains(words, console.Seen);
        await console.TypeAsync("echo first > /dev/vda; sync; echo written $((2+1))\r");
        await console.SeeAsync("written 3");
        await console.TypeAsync("\u0010\u0011");
        await console.ExitCodeAsync();
    }

    /// <summary>Paused, put back to a snapshot, saved and gone on with: the shell's own variables are there again.</summary>
    private static async Task StatesWorkAsync(Client yun)
    {
        await using (var console = yun.OnTerminal("machine console whole"))
        {
            await console.TypeAsync("\rkept=in-memory; echo set $((3+1))\r");
            await console.SeeAsync("set 4");
            await yun.TextAsync("machine", "snapshot", "create", "whole", "before");
            await console.TypeAsync("kept=changed; echo second > /dev/vda; sync; echo changed $((4+1))\r");
            await console.SeeAsync("changed 5");
            await yun.TextAsync("machine", "restore", "whole", "before");
            await console.TypeAsync("\recho $kept; head -n 1 /dev/vda; echo restored $((5+1))\r");
            await console.SeeAsync("restored 6");
            Assert.Contains("\nin-memory", console.Seen);
            Assert.Contains("\nfirst", console.Seen);
            await yun.TextAsync("machine", "pause", "whole");
            Assert.Equal("paused", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}}", "whole"));
            await yun.TextAsync("machine", "resume", "whole");
            await console.TypeAsync("echo resumed $((6+1))\r");
            await console.SeeAsync("resumed 7");
        }
        await yun.TextAsync("machine", "save", "whole");
        Assert.Equal("saved 0 it was saved", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Cause}}", "whole"));
        await yun.TextAsync("machine", "start", "whole");
        await using var again = yun.OnTerminal("machine console whole");
        await again.TypeAsync("\recho $kept; wget -qO- http://beside/; echo back $((7+1))\r");
        await again.SeeAsync("back 8");
        Assert.Contains("\nin-memory", again.Seen);
        Assert.Contains("from beside", again.Seen);
        await yun.TextAsync("machine", "snapshot", "rm", "whole", "before");
    }

    private static async Task OutlivesTheDaemonAsync(Daemon daemon)
    {
        await daemon.KillAsync();
        await daemon.StartAgainAsync();
        await using var console = daemon.Yun.OnTerminal("machine console whole");
        await console.TypeAsync("\recho $kept; ip neigh flush all; wget -qO- http://beside/; echo alive $((8+1))\r");
        await console.SeeAsync("alive 9");
        Assert.Contains("\nin-memory", console.Seen);
        Assert.Contains("from beside", console.Seen);
        var pid = int.Parse(await daemon.Yun.TextAsync("machine", "inspect", "-f", "{{.State.Pid}}", "whole"), CultureInfo.InvariantCulture);
        var status = File.ReadLines($"/proc/{pid}/status").Select(line => line.Split(":\t")).Where(words => words.Length == 2).ToDictionary(words => words[0], words => words[1]);
        Assert.All(status["Uid"].Split('\t'), uid => Assert.InRange(uint.Parse(uid, CultureInfo.InvariantCulture), 0x70000000u, 0x71000000u));
        Assert.All((string[])["CapInh", "CapPrm", "CapEff", "CapAmb"], set => Assert.Equal("0000000000000000", status[set]));
        Assert.Equal(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]));
        // QEMU hears the new daemon.
        await Eventually.HoldsAsync(async () => (await daemon.Yun.RunAsync("machine", "pause", "whole")).ExitCode == 0);
        await daemon.Yun.TextAsync("machine", "resume", "whole");
    }
}
