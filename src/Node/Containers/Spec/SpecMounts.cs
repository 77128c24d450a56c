using Yun.Oci;

namespace Yun.Node.Containers.Spec;

/// <summary>The mounts of a container, in the order they are made: the kernel's file systems, the three files about its network, its init, and its own.</summary>
internal sealed class SpecMounts(Container container, StartFacts facts)
{
    private readonly HostConfig _host = container.HostConfig;
    private readonly HashSet<string> _own = [.. facts.Mounts.Select(m => m.Destination)];

    public List<SpecMount> Build()
    {
        var mounts = new List<SpecMount>();
        foreach (var mount in Standard())
            // Who mounts something of his own there, or over all of /dev, means it.
            if (!_own.Contains(mount.Destination) && !(mount.Destination.StartsWith("/dev/", StringComparison.Ordinal) && _own.Contains("/dev"))) mounts.Add(mount);
        AddFile(mounts, "/etc/resolv.conf", container.ResolvConfPath);
        AddFile(mounts, "/etc/hostname", container.HostnamePath);
        AddFile(mounts, "/etc/hosts", container.HostsPath);
        if (facts.InitPath is { } init) mounts.Add(new SpecMount { Destination = RuntimeSpecBuilder.InitInside, Type = "bind", Source = init, Options = ["bind", "ro", "rprivate"] });
        mounts.AddRange(facts.Mounts);
        return mounts;
    }

    private IEnumerable<SpecMount> Standard()
    {
        List<string> system = _host.Privileged ? ["nosuid", "noexec", "nodev"] : ["nosuid", "noexec", "nodev", "ro"];
        var strict = SecurityProfile.IsStrict(_host);
        // Who is not root sees only processes of his own.
        yield return Mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev", .. strict ? (string[])["hidepid=invisible"] : []]);
        yield return Mount("/dev", "tmpfs", "tmpfs", ["nosuid", .. strict ? (string[])["noexec"] : [], "strictatime", "mode=755", "size=65536k"]);
        yield return Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5");
        yield return Mount("/sys", "sysfs", "sysfs", system);
        yield return Mount("/sys/fs/cgroup", "cgroup", "cgroup", system);
        yield return _host.IpcMode == "host" && Directory.Exists("/dev/mqueue")
            ? Mount("/dev/mqueue", "bind", "/dev/mqueue", "rbind", "nosuid", "noexec", "nodev", "rprivate")
            : Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev");
        if (_host.IpcMode == "none") yield break;
        yield return _host.IpcMode == "host"
            ? Mount("/dev/shm", "bind", "/dev/shm", "rbind", "nosuid", "noexec", "nodev", "rprivate")
            : Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", $"size={_host.ShmSize}");
    }

    private void AddFile(List<SpecMount> mounts, string destination, string source)
    {
        if (_own.Contains(destination) || _own.Contains("/etc") || !File.Exists(source)) return;
        mounts.Add(new SpecMount
        {
            Destination = destination, Type = "bind", Source = source,
            Options = ["rbind", .. _host.ReadonlyRootfs ? (string[])["ro"] : [], "rprivate", .. container.UserNamespace is not null ? (string[])["idmap"] : []],
        });
    }

    private static SpecMount Mount(string destination, string type, string source, params List<string> options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options };
}
