using Yun.Linux;

namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>Containers of the profile strict have user ids of their own, and nothing else of them differs.</summary>
public sealed class UserNamespaceTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private static readonly string[] s_strict = ["--security-opt", "profile=strict"];

    private async Task<string> StartAsync(params string[] words)
    {
        var name = Name();
        await Docker.TextAsync(["run", "-d", "--name", name, .. s_strict, .. words]);
        return name;
    }

    private Task<string> InsideAsync(string name, string script) => Docker.TextAsync("exec", name, "sh", "-c", script);

    /// <summary>The first of its ids on this machine.</summary>
    private async Task<uint> FirstIdAsync(string name)
    {
        var pid = await Docker.TextAsync("inspect", "--format", "{{.State.Pid}}", name);
        var map = File.ReadAllText($"/proc/{pid}/uid_map").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(["0", "65536"], [map[0], map[2]]);
        Assert.Equal(map, File.ReadAllText($"/proc/{pid}/gid_map").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return uint.Parse(map[1]);
    }

    private async Task<uint> OwnerOnDiskAsync(string name, string path) =>
        FileAt.Status(PathDescriptor.Open(null, (await Docker.TextAsync("inspect", "--format", "{{.GraphDriver.Data.UpperDir}}", name)) + path, OpenFlags.Path)).UserId;

    [Fact]
    public async Task No_two_have_an_id_of_this_machine_in_common_and_each_is_root_inside()
    {
        var names = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => StartAsync("--network", "none", "busybox", "sleep", "1000")));
        var ids = new List<uint>();
        foreach (var name in names) ids.Add(await FirstIdAsync(name));
        Assert.Equal(4, ids.Distinct().Count());
        Assert.All(ids, id => Assert.True(id >= 65536 && id % 65536 == 0));
        await InsideAsync(names[0], "echo mine > /mine; mkdir /etc/new");
        Assert.Equal("0\n0\n0", await InsideAsync(names[0], "id -u; stat -c %u /mine /bin"));
        Assert.Equal([ids[0], ids[0]], [await OwnerOnDiskAsync(names[0], "/mine"), await OwnerOnDiskAsync(names[0], "/etc/new")]);
    }

    [Theory]
    [InlineData("host's user namespace", "--userns", "host")]
    [InlineData("host's network", "--network", "host")]
    [InlineData("host's processes", "--pid", "host")]
    [InlineData("host's IPC", "--ipc", "host")]
    public async Task Who_shares_the_host_s_has_none(string what, params string[] options)
    {
        var map = await Docker.TextAsync(["run", "--rm", .. s_strict, .. options, "busybox", "cat", "/proc/self/uid_map"]);
        Assert.True(map.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["0", "0", "4294967295"], $"{what}: {map}");
    }

    [Fact]
    public async Task Its_network_is_its_own_to_set_and_devices_and_streams_are_its_root_s()
    {
        var script = "cat /proc/sys/net/ipv4/ip_forward; ls /sys/class/net | tr '\n' ' '; stat -c %u:%g:%a /dev/null /etc/hosts /etc/resolv.conf /etc/hostname / /dev /dev/shm; echo out > /dev/stdout; echo ok > /dev/null && cat /proc/sys/net/ipv4/ping_group_range; hostname";
        Assert.Equal(["1", "eth0 lo 0:0:666", "0:0:644", "0:0:644", "0:0:644", "0:0:755", "0:0:755", "0:0:1777", "out", "0\t65535", "box"],
            (await Docker.RunAsync(["run", "--rm", "--hostname", "box", "--sysctl", "net.ipv4.ip_forward=1", .. s_strict, "busybox", "sh", "-c", script])).Succeeded().Lines);
        Assert.Equal(["1000", "said"], (await Docker.RunAsync(["run", "--rm", "--user", "1000", "--network", "none", .. s_strict, "busybox", "sh", "-c", "id -u; echo said > /dev/stdout"])).Succeeded().Lines);
        Assert.Equal(["1000:7", "1000:0"], (await Docker.RunAsync(["run", "--rm", "--user", "1000", "--network", "none", "--tmpfs", "/t:uid=1000,gid=7,mode=700", .. s_strict, "busybox", "sh", "-c", "touch /t/a && stat -c %u:%g /t /t/a"])).Succeeded().Lines);
    }

    [Fact]
    public async Task Files_go_in_and_out_with_the_owners_they_have_inside()
    {
        var name = await StartAsync("--network", "none", "busybox", "sh", "-c", "mkdir -p /own/deep; echo one > /own/deep/one; chown 1000:1001 /own/deep/one; echo two > /own/two; rm /etc/passwd 2>/dev/null; exec sleep 1000");
        await WaitForAsync(name, "/own/two");
        var files = Folder(("in/a.txt", "alpha"));
        foreach (var running in (bool[])[true, false])
        {
            if (!running) await Docker.TextAsync("stop", "-t", "0", name);
            using var copied = Folder();
            var copy = Docker.CommandOf("sh", "-c", $"{Docker.Program} cp {name}:/own - | tar --numeric-owner -tv | tr -s ' '");
            Assert.Equal(["0/0 own/", "0/0 own/deep/", "0/0 own/two", "1000/1001 own/deep/one"], (await copy.RunAsync()).Succeeded().Lines.Select(line => line.Split(' ')).Select(words => $"{words[1]} {words[^1]}").Order(StringComparer.Ordinal));
            (await Docker.RunAsync("cp", files["in"], $"{name}:/got{running}")).Succeeded();
            var export = Path.Combine(copied.Path, "export.tar");
            (await Docker.RunAsync("export", "-o", export, name)).Succeeded();
            Assert.Equal(["0/0", "1000/1001"], (await new Command("tar", "--numeric-owner", "-tvf", export, "own/two", "own/deep/one").RunAsync()).Succeeded().Lines.Select(line => line.Split(' ')[1]).Order());
        }
        var changes = (await Docker.RunAsync("diff", name)).Succeeded().Lines;
        Assert.Equal(["A /gotFalse", "A /gotFalse/a.txt", "A /gotTrue", "A /gotTrue/a.txt", "A /own", "A /own/deep", "A /own/deep/one", "A /own/two"], changes.Where(change => !change.Contains("/etc", StringComparison.Ordinal)).Order());
        var image = Name("image");
        (await Docker.RunAsync("commit", name, image)).Succeeded();
        Assert.Equal(["1000:1001", "0:0", "0:0", "0:0"], (await Docker.RunAsync("run", "--rm", "--network", "none", image, "stat", "-c", "%u:%g", "/own/deep/one", "/own/two", "/gotTrue/a.txt", "/gotFalse")).Succeeded().Lines);
        await Docker.TextAsync("start", name);
        Assert.Equal("0:0\n0:0", await InsideAsync(name, "stat -c %u:%g /gotTrue/a.txt /gotFalse"));
    }

    [Fact]
    public async Task A_file_whose_owner_it_has_no_id_for_is_refused_and_the_id_named()
    {
        var name = await StartAsync("--network", "none", "busybox", "sleep", "1000");
        var files = Folder(("a.txt", "alpha"));
        FileAt.ChangeOwner(PathDescriptor.Open(null, files.Path, OpenFlags.Path), "a.txt", 70000, 70000);
        (await Docker.RunAsync("cp", "-a", files["a.txt"], $"{name}:/a.txt")).FailedSaying("The user id 70000 cannot be an owner in this container: its user namespace has 65536 ids.");
    }

    [Fact]
    public async Task Volumes_and_binds_belong_to_root_inside_and_on_the_machine_whoever_uses_them()
    {
        var (volume, folder) = (Name("volume"), Folder(("a.txt", "alpha")));
        var script = "echo x >> /bind/a.txt && echo y > /bind/made && echo z > /volume/made && chown 5:6 /volume/made && stat -c %u:%g /bind/a.txt /bind/made /volume /volume/made";
        Assert.Equal(["0:0", "0:0", "0:0", "5:6"], (await Docker.RunAsync(["run", "--rm", "--network", "none", .. s_strict, "-v", $"{folder.Path}:/bind", "-v", $"{volume}:/volume", "busybox", "sh", "-c", script])).Succeeded().Lines);
        Assert.Equal((0u, 0u), (FileAt.Status(PathDescriptor.Open(null, folder["made"], OpenFlags.Path)).UserId, FileAt.Status(PathDescriptor.Open(null, folder["a.txt"], OpenFlags.Path)).UserId));
        foreach (var options in (string[][])[s_strict, []])
            Assert.Equal("5:6", await Docker.TextAsync(["run", "--rm", "--network", "none", .. options, "-v", $"{volume}:/volume:ro", "busybox", "stat", "-c", "%u:%g", "/volume/made"]));
        // procfs cannot be shifted, and is shown as it is.
        Assert.Equal("65534", await Docker.TextAsync(["run", "--rm", "--network", "none", .. s_strict, "-v", "/proc:/host:ro", "busybox", "stat", "-c", "%u", "/host/version"]));
        var stopped = Name();
        await Docker.TextAsync(["create", "--name", stopped, "--network", "none", .. s_strict, "-v", $"{volume}:/volume", "busybox", "stat", "-c", "%u:%g", "/volume/a.txt"]);
        (await Docker.RunAsync("cp", folder["a.txt"], $"{stopped}:/volume/a.txt")).Succeeded();
        Assert.Equal("0:0", (await Docker.RunAsync("start", "-a", stopped)).Succeeded().Text);
    }

    [Fact]
    public async Task Who_joins_its_network_or_processes_joins_its_user_namespace_too()
    {
        var first = await StartAsync("--ipc", "shareable", "busybox", "sleep", "1000");
        var id = await FirstIdAsync(first);
        foreach (var options in (string[][])[["--network", $"container:{first}"], ["--pid", $"container:{first}"], ["--network", $"container:{first}", "--pid", $"container:{first}", "--ipc", $"container:{first}"]])
        {
            var second = await StartAsync([.. options, "busybox", "sh", "-c", "ls /sys/class/net; exec sleep 1000"]);
            Assert.Equal(id, await FirstIdAsync(second));
            Assert.Contains("lo", await InsideAsync(second, "ls /sys/class/net"), StringComparison.Ordinal);
        }
        var other = await StartAsync("--network", "none", "busybox", "sleep", "1000");
        (await Docker.RunAsync(["run", "--rm", .. s_strict, "--network", $"container:{first}", "--pid", $"container:{other}", "busybox", "true"])).FailedSaying("have different user namespaces");
        // One that is the host's can be shared by whoever is there too.
        var plain = Name();
        await Docker.TextAsync("run", "-d", "--name", plain, "busybox", "sleep", "1000");
        Assert.Contains("4294967295", await Docker.TextAsync(["run", "--rm", .. s_strict, "--network", $"container:{plain}", "busybox", "cat", "/proc/self/uid_map"]), StringComparison.Ordinal);
    }

    private async Task WaitForAsync(string name, string path)
    {
        for (var tries = 0; (await Docker.RunAsync("exec", name, "ls", path)).ExitCode != 0 && tries < 100; tries++) await Task.Delay(50);
    }
}
