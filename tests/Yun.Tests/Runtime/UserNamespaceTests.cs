using Yun.Linux;
using Yun.Oci;
using Yun.Runtime;
using Yun.Runtime.Compile;

namespace Yun.Tests.Runtime;

public sealed class UserNamespaceTests : IDisposable
{
    private readonly BusyboxBundle _bundle = new();

    public UserNamespaceTests() => File.SetUnixFileMode(_bundle.Folder, (UnixFileMode)0x1ed);

    public void Dispose() => _bundle.Dispose();

    private RuntimeSpec Spec(string script, Action<RuntimeSpec> change)
    {
        var spec = _bundle.Spec("sh", "-c", script);
        change(spec);
        return spec;
    }

    [Fact]
    public void Ids_are_mapped_by_every_range()
    {
        var spec = Spec("tr -s ' ' </proc/self/uid_map; tr -s ' ' </proc/self/gid_map; id -u; id -g", Namespaces.WithUser);
        spec.Process!.User = new SpecUser { Uid = 1500, Gid = 5 };
        Assert.Equal(" 0 100000 1000\n 1000 300000 1000\n 0 200000 65536\n1500\n5\n", _bundle.Run(spec).Output);
    }

    [Fact]
    public void Root_inside_is_nobody_outside_and_holds_no_more_than_it_was_given()
    {
        var spec = Spec("grep -E 'Cap(Eff|Bnd|Prm)' /proc/self/status | tr '\\t' ' '; hostname; echo 1 2>/dev/null >/proc/sys/kernel/panic || echo refused; sleep 1000", Namespaces.WithUser);
        using var pipe = new Pipe();
        using var process = _bundle.Launch(spec, request => request with { StdoutFd = (int)pipe.Write.DangerousGetHandle() });
        pipe.Write.Dispose();
        using var reader = new StreamReader(new FileStream(pipe.Read, FileAccess.Read, 1));
        Assert.Equal("CapPrm: 0000000020000420", reader.ReadLine());
        Assert.Equal("CapEff: 0000000020000420", reader.ReadLine());
        Assert.Equal("CapBnd: 0000000020000420", reader.ReadLine());
        Assert.Equal("yun", reader.ReadLine());
        Assert.Equal("refused", reader.ReadLine());
        Assert.Contains("Uid:\t100000\t100000\t100000\t100000", File.ReadAllText($"/proc/{process.Pid}/status"));
        ProcessDescriptor.Signal(process.PidFd, 9);
        ProcessDescriptor.Wait(process.PidFd);
    }

    [Fact]
    public void Devices_mounts_and_limits_are_as_without_one()
    {
        var spec = Spec("echo x >/dev/null; head -c 4 /dev/zero | wc -c; ls /sys/firmware | wc -l; cat /proc/keys | wc -l; ulimit -n; cat /proc/self/oom_score_adj; cut -d' ' -f5 /proc/self/mountinfo | grep -vE '^/(proc|dev|sys)'", Namespaces.WithUser);
        spec.Process!.OomScoreAdj = 300;
        Assert.Equal("4\n0\n0\n1024\n300\n/\n", _bundle.Run(spec).Output);
    }

    [Fact]
    public void One_that_exists_is_joined_by_path_with_what_belongs_to_it()
    {
        using var first = _bundle.Launch(Spec("sleep 1000", Namespaces.WithUser));
        try
        {
            var spec = Spec("readlink /proc/self/ns/user; readlink /proc/self/ns/net; tr -s ' ' </proc/self/uid_map; hostname", spec =>
            {
                spec.Linux!.Namespaces!.Add(new SpecNamespace { Type = "user", Path = $"/proc/{first.Pid}/ns/user" });
                spec.Linux.Namespaces.Find(n => n.Type == "network")!.Path = $"/proc/{first.Pid}/ns/net";
            });
            var expected = string.Concat(((string[])["user", "net"]).Select(kind => Path.GetFileName(File.ResolveLinkTarget($"/proc/{first.Pid}/ns/{kind}", false)!.FullName) + "\n"));
            Assert.Equal(expected + " 0 100000 1000\n 1000 300000 1000\nyun\n", _bundle.Run(spec).Output);
        }
        finally
        {
            ProcessDescriptor.Signal(first.PidFd, 9);
            ProcessDescriptor.Wait(first.PidFd);
        }
    }

    [Fact]
    public void Of_one_in_the_PID_namespace_of_another_the_pid_is_told_as_we_count()
    {
        using var first = _bundle.Launch(Spec("sleep 1000", Namespaces.WithUser));
        var spec = Spec("sleep 1000", Namespaces.WithUser);
        (spec.Linux!.UidMappings, spec.Linux.GidMappings) = (null, null);
        foreach (var space in spec.Linux.Namespaces!)
            if (space.Type != "mount") space.Path = $"/proc/{first.Pid}/ns/{(space.Type == "network" ? "net" : space.Type)}";
        spec.Hostname = null;
        using var second = _bundle.Launch(spec);
        try
        {
            Assert.Equal(Files.Identity($"/proc/{first.Pid}/ns/pid"), Files.Identity($"/proc/{second.Pid}/ns/pid"));
            Assert.NotEqual(Files.Identity($"/proc/{first.Pid}/ns/mnt"), Files.Identity($"/proc/{second.Pid}/ns/mnt"));
        }
        finally
        {
            foreach (var process in (LaunchedProcess[])[second, first])
            {
                ProcessDescriptor.Signal(process.PidFd, 9);
                ProcessDescriptor.Wait(process.PidFd);
            }
        }
    }

    [Fact]
    public void Maps_without_a_root_are_enough()
    {
        var spec = Spec("id -u; id -g; ls -d /dev/pts /dev/shm", Namespaces.WithUser);
        spec.Linux!.UidMappings = [new() { ContainerId = 1000, HostId = 300_000, Size = 1 }];
        spec.Linux.GidMappings = [new() { ContainerId = 1000, HostId = 300_000, Size = 1 }];
        spec.Process!.User = new SpecUser { Uid = 1000, Gid = 1000 };
        spec.Mounts!.Find(m => m.Destination == "/dev/pts")!.Options!.Remove("gid=5");
        Assert.Equal("1000\n1000\n/dev/pts\n/dev/shm\n", _bundle.Run(spec).Output);
    }

    [Fact]
    public void Clocks_are_set_forward_in_a_time_namespace()
    {
        var (_, output) = _bundle.Run(Spec("cut -d. -f1 /proc/uptime", Namespaces.WithUserAndTime));
        Assert.InRange(long.Parse(output), 1_000_000, long.MaxValue);
        var spec = Spec("cut -d. -f1 /proc/uptime", spec =>
        {
            spec.Linux!.Namespaces!.Add(new SpecNamespace { Type = "time" });
            spec.Linux.TimeOffsets = new() { ["boottime"] = new SpecTimeOffset { Secs = 5_000_000 } };
        });
        Assert.InRange(long.Parse(_bundle.Run(spec).Output), 5_000_000, long.MaxValue);
    }

    [Fact]
    public void A_wrong_map_is_named_and_leaves_nothing()
    {
        var spec = Spec("true", spec =>
        {
            Namespaces.WithUser(spec);
            spec.Linux!.UidMappings![1].ContainerId = 500;
        });
        Assert.Equal("linux.uidMappings", Assert.Throws<SpecException>(() => _bundle.Launch(spec)).Field);
        Assert.Empty(Directory.GetDirectories("/sys/fs/cgroup", Path.GetFileName(spec.Linux!.CgroupsPath!), SearchOption.AllDirectories));
        spec.Linux.GidMappings = [];
        Assert.Equal("linux.gidMappings", Assert.Throws<SpecException>(() => _bundle.Launch(spec)).Field);
    }

    [Fact]
    public void Devices_belong_to_whom_the_spec_says_and_need_not_be_on_the_host()
    {
        var spec = Spec("head -c 3 /dev/zeros | wc -c; stat -c '%u:%g:%a %t:%T' /dev/zeros /dev/null", Namespaces.WithUser);
        spec.Linux!.Devices = [new SpecDevice { Path = "/dev/zeros", Type = "c", Major = 1, Minor = 5, FileMode = 0x1b0, Uid = 0, Gid = 7 }];
        Assert.Equal("3\n0:7:660 1:5\n0:0:666 1:3\n", _bundle.Run(spec).Output);
    }

    [Fact]
    public void A_device_whose_owner_is_none_of_the_container_s_is_the_host_s_own_or_refused()
    {
        var spec = Spec("stat -c %u /dev/zero", Namespaces.WithUser);
        spec.Linux!.Devices = [new SpecDevice { Path = "/dev/zero", Type = "c", Major = 1, Minor = 5, Uid = 500_000 }];
        Assert.Equal("65534\n", _bundle.Run(spec).Output);
        spec.Linux.Devices[0].Minor = 7;
        Assert.Equal("linux.devices[0].path", Assert.Throws<SpecException>(() => _bundle.Launch(spec)).Field);
    }

    [Fact]
    public void The_root_is_shifted_where_the_annotation_asks_for_it_and_streams_are_given_away()
    {
        var spec = Spec("stat -c %u:%g / /bin/busybox; echo said >/dev/stdout", Namespaces.WithUser);
        spec.Annotations = new() { ["yun.root-idmap"] = "true" };
        Assert.Equal("0:0\n0:0\nsaid\n", _bundle.Run(spec).Output);
        spec.Linux!.Namespaces!.RemoveAll(n => n.Type == "user");
        (spec.Linux.UidMappings, spec.Linux.GidMappings) = (null, null);
        Assert.Equal("annotations.yun.root-idmap", Assert.Throws<SpecException>(() => _bundle.Launch(spec)).Field);
    }
}
