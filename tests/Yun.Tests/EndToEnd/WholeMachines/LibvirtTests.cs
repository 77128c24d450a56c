namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>Machines of another hypervisor, by libvirt: its own driver for tests keeps them in memory and does nothing else.</summary>
public sealed class LibvirtTests
{
    private static readonly string[] s_there = ["--hypervisor", "test:///default"];

    [Fact]
    public async Task A_machine_of_another_hypervisor_lives_as_one_of_ours_does()
    {
        var libraries = await GuestSystem.Made("libvirt").RunAsync();
        Assert.SkipWhen(libraries.ExitCode != 0, $"there is no libvirt here: {libraries.Error.Trim()}");
        await using var daemon = await Daemon.StartWithEnvironmentAsync(new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = libraries.Text });
        var yun = daemon.Yun;
        // It has one of its own from the beginning.
        Assert.Contains("test", (await yun.RunAsync(["machine", "ls", .. s_there, "--format", "{{.Name}}"])).Succeeded().Lines);
        Assert.Empty((await yun.RunAsync("machine", "ls", "-aq")).Succeeded().Lines);

        const string hostile = "console=ttyS0 quote='\"><devices></devices></domain>&lt;]]>";
        var id = await yun.TextAsync(["machine", "create", .. s_there, "--name", "other", "-m", "128m", "--cpus", "2", "--kernel", "/boot/a 'kernel'<x>", "--append", hostile, "--disk", "/disks/a&b.img,ro", "--network", "default", "--label", "kind=test"]);
        Assert.Equal("exited", await StateAsync());
        Assert.Equal($"{id} 134217728 2 test test:///default", await InspectAsync("{{.Id}} {{.Config.Memory}} {{.Config.Cpus}} {{.Config.Labels.kind}} {{.Hypervisor}}"));
        Assert.Equal(hostile, await InspectAsync("{{.Config.Append}}"));

        await DoAsync("start");
        Assert.Equal("running", await StateAsync());
        await DoAsync("pause");
        Assert.Equal("paused", await StateAsync());
        await DoAsync("resume");
        await DoAsync("save");
        Assert.Equal("saved", await StateAsync());
        await DoAsync("start");
        await DoAsync("stop");
        Assert.Equal("exited the guest shut down", await InspectAsync("{{.State.Status}} {{.State.Cause}}"));
        await DoAsync("start");
        await DoAsync("kill");
        Assert.Equal("exited it was killed", await InspectAsync("{{.State.Status}} {{.State.Cause}}"));

        // By its id, and what libvirt says in its own words.
        var dead = await yun.RunAsync(["machine", "pause", .. s_there, id]);
        Assert.Equal(1, dead.ExitCode);
        Assert.Contains("test:///default: ", dead.Error, StringComparison.Ordinal);
        Assert.Contains("not running", dead.Error, StringComparison.Ordinal);
        Assert.Contains("The name other is already in use at test:///default", (await yun.RunAsync(["machine", "create", .. s_there, "--name", "other", "--kernel", "/k"])).Error, StringComparison.Ordinal);
        Assert.Contains("its disks are files that are there", (await yun.RunAsync(["machine", "create", .. s_there, "--disk", "20g"])).Error, StringComparison.Ordinal);
        Assert.Contains("cannot be reached: ", (await yun.RunAsync("machine", "ls", "--hypervisor", "nosuch:///system")).Error, StringComparison.Ordinal);

        await DoAsync("rm");
        Assert.Contains("No such machine at test:///default: other", (await yun.RunAsync(["machine", "inspect", .. s_there, "other"])).Error, StringComparison.Ordinal);
        var events = (await yun.RunAsync("machine", "events", "--since", "1h", "--until", "0s", "--filter", "machine=other")).Succeeded().Lines;
        foreach (var (action, cause) in ((string, string)[])[("create", ""), ("start", ""), ("pause", ""), ("resume", ""), ("die", "cause=the guest shut down"), ("die", "cause=it was killed"), ("destroy", "")])
            Assert.Contains(events, line => line.Contains($" machine {action} {id}", StringComparison.Ordinal) && line.Contains(cause, StringComparison.Ordinal) && line.Contains("hypervisor=test:///default", StringComparison.Ordinal));

        Task DoAsync(string action) => yun.TextAsync(["machine", action, .. s_there, "other"]);
        Task<string> InspectAsync(string format) => yun.TextAsync(["machine", "inspect", .. s_there, "-f", format, "other"]);
        Task<string> StateAsync() => InspectAsync("{{.State.Status}}");
    }

    [Fact]
    public async Task Without_libvirt_it_is_said_what_to_install()
    {
        await using var daemon = await Daemon.StartAsync();
        Assert.SkipWhen(File.Exists($"/usr/lib/{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture switch { System.Runtime.InteropServices.Architecture.Arm64 => "aarch64", _ => "x86_64" }}-linux-gnu/libvirt.so.0"), "libvirt is installed here");
        Assert.Contains("install libvirt0", (await daemon.Yun.RunAsync("machine", "ls", "--hypervisor", "qemu:///system")).Error, StringComparison.Ordinal);
    }
}
