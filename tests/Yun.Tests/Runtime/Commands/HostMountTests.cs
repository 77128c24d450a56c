using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Commands;

/// <summary>Containers without a mount namespace of their own, whose mounts the host has too.</summary>
public sealed class HostMountTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    private Yun.Oci.RuntimeSpec Script(string script)
    {
        var spec = _bundle.Script(script);
        spec.Linux!.Namespaces!.RemoveAll(n => n.Type == "mount");
        return spec;
    }

    private int Mounts => File.ReadAllLines("/proc/self/mountinfo").Count(l => l.Contains(_bundle.Root, StringComparison.Ordinal));

    [Fact]
    public async Task The_mounts_are_the_hosts_and_gone_when_the_container_is_deleted()
    {
        var id = await _bundle.CreateAsync(Script("sleep 1000"));
        Assert.True(Mounts > 5);
        (await _bundle.RunAsync("start", id)).Succeeded();
        File.WriteAllText(Path.Combine(_bundle.Folder, "outside"), "");
        var seen = await _bundle.RunAsync("exec", id, "sh", "-c", $"readlink /proc/self/ns/mnt; ls -d /bin/busybox; ls {_bundle.Folder} 2>&1 | grep -c outside; true");
        Assert.Equal([File.ResolveLinkTarget("/proc/self/ns/mnt", false)!.Name, "/bin/busybox", "0"], seen.Succeeded().Lines);
        (await _bundle.RunAsync("delete", "--force", id)).Succeeded();
        Assert.Equal(0, Mounts);
    }

    [Fact]
    public async Task A_start_that_fails_leaves_no_mount_and_takes_none_of_others()
    {
        var spec = Script("true");
        spec.Process!.Args = ["/nowhere"];
        (await _bundle.RunAsync(spec)).FailedSaying("stat /nowhere");
        Assert.Equal(0, Mounts);
        (await new Command("mount", "--bind", _bundle.Root, _bundle.Root).RunAsync()).Succeeded();
        try
        {
            (await _bundle.RunAsync(spec)).FailedSaying("stat /nowhere");
            (await _bundle.RunAsync(Script("true"))).Succeeded();
            Assert.Equal(1, Mounts);
        }
        finally { (await new Command("umount", _bundle.Root).RunAsync()).Succeeded(); }
    }
}
