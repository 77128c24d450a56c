using Yun.Linux;
using Yun.Oci;
using Yun.Runtime;
using Yun.Runtime.Compile;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime;

public sealed class MountTests : IDisposable
{
    private readonly BusyboxBundle _bundle = new();
    private readonly ScratchFolder _folder = new(("file", "content\n"), ("below/deep", "deep\n"));

    public MountTests()
    {
        foreach (var folder in (string[])[_bundle.Folder, _folder.Path]) File.SetUnixFileMode(folder, (UnixFileMode)0x1ed);
        // In a user namespace nobody may make the mount point in a root file system that belongs to others.
        Directory.CreateDirectory(Path.Combine(_bundle.Root, "m"));
    }

    public void Dispose()
    {
        _bundle.Dispose();
        _folder.Dispose();
    }

    private string Run(string script, Action<RuntimeSpec>? change, params SpecMount[] mounts)
    {
        var spec = _bundle.Spec("sh", "-c", script);
        spec.Root!.Readonly = false;
        spec.Mounts!.AddRange(mounts);
        change?.Invoke(spec);
        return _bundle.Run(spec).Output;
    }

    [Fact]
    public void Recursive_attributes_reach_the_mounts_below()
    {
        MountTree.Attach(MountTree.New("tmpfs", []), _folder["below"]);
        try
        {
            const string Script = "echo x 2>/dev/null >/m/file || echo outer; echo x 2>/dev/null >/m/below/new || echo inner";
            Assert.Equal("outer\ninner\n", Run(Script, null, new SpecMount { Destination = "/m", Type = "bind", Source = _folder.Path, Options = ["rbind", "rro"] }));
            Assert.Equal("outer\n", Run(Script, null, new SpecMount { Destination = "/m", Type = "bind", Source = _folder.Path, Options = ["rbind", "ro"] }));
        }
        finally { MountTree.Detach(_folder["below"]); }
    }

    [Theory]
    [InlineData("nosuid,nodev,noexec,noatime,nodiratime", "nosuid,nodev,noexec,noatime,nodiratime")]
    [InlineData("ro,nosymfollow", "ro,relatime,nosymfollow")]
    public void Attributes_are_on_the_mount(string options, string shown) =>
        Assert.Equal($"{(shown.StartsWith("ro", StringComparison.Ordinal) ? "" : "rw,")}{shown}\n", Run("grep ' /m ' /proc/self/mountinfo | cut -d' ' -f6", null, new SpecMount { Destination = "/m", Type = "tmpfs", Source = "tmpfs", Options = [.. options.Split(',')] }));

    [Fact]
    public void Owners_are_shifted_by_the_maps_of_the_mount()
    {
        List<SpecIdMapping> maps = [new() { ContainerId = 0, HostId = 5000, Size = 10 }];
        Assert.Equal("5000 5000\n", Run("stat -c '%u %g' /m/file", null, new SpecMount { Destination = "/m", Type = "bind", Source = _folder.Path, Options = ["bind"], UidMappings = maps, GidMappings = maps }));
    }

    [Fact]
    public void A_mount_without_maps_takes_those_of_the_container()
    {
        // Root's files on the host are root's in the container, who is nobody on the host, and so are those it makes.
        Assert.Equal("0 0\ncontent\n", Run("stat -c '%u %g' /m/file; cat /m/file; echo new >/m/new", Namespaces.WithUser, new SpecMount { Destination = "/m", Type = "bind", Source = _folder.Path, Options = ["bind", "idmap"] }));
        using var folder = PathDescriptor.Open(null, _folder.Path, OpenFlags.ReadOnly | OpenFlags.Directory);
        Assert.Equal((0u, 0u), FileAt.Status(folder, "new") is var status ? (status.UserId, status.GroupId) : default);
    }

    [Fact]
    public void A_mount_that_cannot_be_mapped_is_named()
    {
        SpecException Refused(SpecMount mount, Action<RuntimeSpec>? change = null) => Assert.Throws<SpecException>(() => Run("true", change, mount));
        Assert.Equal("mounts[7].uidMappings", Refused(new SpecMount { Destination = "/m", Type = "bind", Source = _folder.Path, Options = ["bind", "idmap"] }).Field);
        Assert.Equal("mounts[7].uidMappings", Refused(new SpecMount { Destination = "/m", Type = "tmpfs", Options = ["idmap"] }, Namespaces.WithUser).Field);
        Assert.Equal("mounts[7].uidMappings", Refused(new SpecMount { Destination = "/m", Type = "bind", Source = "/proc", Options = ["bind"], UidMappings = [new() { Size = 1 }], GidMappings = [new() { Size = 1 }] }).Field);
    }

    [Fact]
    public void A_tmpfs_can_begin_with_what_was_there()
    {
        Directory.CreateDirectory(Path.Combine(_bundle.Root, "srv/data/inner"));
        File.WriteAllText(Path.Combine(_bundle.Root, "srv/data/inner/file"), "kept\n");
        File.CreateSymbolicLink(Path.Combine(_bundle.Root, "srv/data/link"), "/etc/passwd");
        File.SetUnixFileMode(Path.Combine(_bundle.Root, "srv/data/inner/file"), (UnixFileMode)0x1a0);
        var output = Run("cat /m/inner/file; stat -c %a /m/inner/file; readlink /m/link; grep -c ' /srv/data .*tmpfs' /proc/self/mountinfo; echo gone >/srv/data/inner/file".Replace("/m/", "/srv/data/", StringComparison.Ordinal), null,
            new SpecMount { Destination = "/srv/data", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "tmpcopyup", "size=1m"] });
        Assert.Equal("kept\n640\n/etc/passwd\n1\n", output);
        Assert.Equal("kept\n", File.ReadAllText(Path.Combine(_bundle.Root, "srv/data/inner/file")));
    }

    [Theory]
    [InlineData("private", ""), InlineData("slave", "master:"), InlineData("shared", "shared:")]
    public void Propagation_is_as_asked(string propagation, string shown)
    {
        var output = Run("grep ' /m ' /proc/self/mountinfo | cut -d' ' -f7", null, new SpecMount { Destination = "/m", Type = "tmpfs", Options = [propagation] });
        if (shown == "shared:") Assert.StartsWith(shown, output);
        else Assert.Equal("-\n", output);
    }

    [Fact]
    public void What_a_container_mounts_in_a_shared_folder_does_not_appear_on_the_host()
    {
        MountTree.Attach(MountTree.New("tmpfs", []), _folder["below"]);
        try
        {
            using var below = PathDescriptor.Open(null, _folder["below"], OpenFlags.Path | OpenFlags.Directory);
            MountTree.Change(below, 0, 0, MountPropagation.Shared, recursive: false);
            string Peers(params string[] options) => Run("grep ' /m ' /proc/self/mountinfo | cut -d' ' -f7 | cut -d: -f1", null, new SpecMount { Destination = "/m", Type = "bind", Source = _folder["below"], Options = [.. options] });
            Assert.Equal("-\n", Peers("bind"));
            Assert.Equal("-\n", Peers("rbind", "rprivate"));
            Assert.Equal("master\n", Peers("rbind", "slave"));
            Assert.Equal("shared\n", Peers("rbind", "rshared"));
        }
        finally { MountTree.Detach(_folder["below"]); }
    }

    [Theory, InlineData("shared", "shared"), InlineData("private", "-"), InlineData("unbindable", "unbindable"), InlineData(null, "-")]
    public void The_root_is_propagated_as_asked(string? propagation, string shown) =>
        Assert.Equal(shown + "\n", Run("grep ' / ' /proc/self/mountinfo | head -n 1 | cut -d' ' -f7 | cut -d: -f1", spec => spec.Linux!.RootfsPropagation = propagation));

    [Fact]
    public void The_memory_policy_is_as_asked()
    {
        var spec = _bundle.Spec("sh", "-c", "head -n 1 /proc/self/numa_maps | cut -d' ' -f2");
        spec.Linux!.MemoryPolicy = new SpecMemoryPolicy { Mode = "MPOL_BIND", Nodes = "0" };
        Assert.Equal("bind:0\n", _bundle.Run(spec).Output);
    }

    [Fact]
    public void A_tmpfs_without_a_mode_has_that_of_the_directory_it_is_mounted_on()
    {
        File.SetUnixFileMode(Path.Combine(_bundle.Root, "m"), (UnixFileMode)0x1c8);
        string Mode(params string[] options) => Run("stat -c %a /m; echo x 2>/dev/null >/m/x || echo closed", null, new SpecMount { Destination = "/m", Type = "tmpfs", Source = "tmpfs", Options = [.. options] });
        Assert.Equal("710\n", Mode());
        Assert.Equal("700\n", Mode("mode=700"));
        Assert.Equal("710\nclosed\n", Mode("ro"));
        Assert.Equal("1777\n", Run("stat -c %a /new", null, new SpecMount { Destination = "/new", Type = "tmpfs", Source = "tmpfs" }));
    }

    [Fact]
    public void What_belongs_into_a_read_only_dev_is_there()
    {
        var spec = _bundle.Spec("sh", "-c", "echo x 2>/dev/null >/dev/new || echo closed; echo x >/dev/null; ls -d /dev/pts/ptmx /dev/shm");
        spec.Mounts!.Find(m => m.Destination == "/dev")!.Options!.Add("ro");
        Assert.Equal("closed\n/dev/pts/ptmx\n/dev/shm\n", _bundle.Run(spec).Output);
    }

    [Fact]
    public void Files_and_directories_of_the_image_are_masked()
    {
        Directory.CreateDirectory(Path.Combine(_bundle.Root, "secrets"));
        File.WriteAllText(Path.Combine(_bundle.Root, "secrets/key"), "key");
        File.WriteAllText(Path.Combine(_bundle.Root, "secret"), "key");
        string Masked(params string[] paths) => Run("ls -A /secrets; cat /secret; echo x 2>/dev/null >/secrets/new || echo closed", s => s.Linux!.MaskedPaths = [.. paths]);
        Assert.Equal("closed\n", Masked("/secrets", "/secret", "/nowhere", "/secrets/key"));
        Assert.Equal("closed\n", Masked("/proc/scsi", "/secrets", "/secret"));
        Assert.Equal("linux.maskedPaths[0]", Assert.Throws<SpecException>(() => Masked("secret")).Field);
    }
}
