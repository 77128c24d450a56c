using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Tests.EndToEnd;
using Yun.Tests.Runtime.Commands;

namespace Yun.Tests.Runtime.Cgroups;

/// <summary>
/// Containers where v2 is all there is to see: on a hybrid machine in a mount namespace without the v1 hierarchies. The controllers stay v1's there, so
/// limits are not part of these tests; freezing, killing, devices and what the container sees are.
/// </summary>
public sealed class UnifiedTests : IDisposable
{
    private const string OnlyUnified = "umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec \"$0\" \"$@\"";

    private readonly CommandLineBundle _bundle = new() { Through = CgroupLayout.Machine.IsUnifiedOnly ? [] : ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", OnlyUnified] };

    public UnifiedTests()
    {
        Assert.SkipWhen(Environment.UserName != "root", "containers need root");
        Assert.SkipWhen(CgroupLayout.Machine.Unified is null, "this machine has no cgroup v2 hierarchy");
    }

    public void Dispose() => _bundle.Dispose();

    private static string Directory(string id) => $"{CgroupLayout.Machine.Unified!.MountPoint}/{id}";

    [Fact]
    public async Task A_container_is_frozen_killed_and_removed()
    {
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000 & sleep 1000"));
        (await _bundle.RunAsync("start", id)).Succeeded();
        await Eventually.HoldsAsync(async () => (await _bundle.RunAsync("ps", id)).Succeeded().Lines.Length >= 3);
        (await _bundle.RunAsync("pause", id)).Succeeded();
        Assert.Equal("paused", await _bundle.StatusAsync(id));
        await Eventually.HoldsAsync(() => Task.FromResult(File.ReadAllText(Directory(id) + "/cgroup.events").Contains("frozen 1", StringComparison.Ordinal)));
        (await _bundle.RunAsync("resume", id)).Succeeded();
        Assert.Equal("inside", (await _bundle.RunAsync("exec", id, "echo", "inside")).Succeeded().Text);
        (await _bundle.RunAsync("delete", "--force", id)).Succeeded();
        Assert.False(System.IO.Directory.Exists(Directory(id)));
    }

    [Fact]
    public async Task It_sees_one_hierarchy_from_its_own_cgroup_on_and_cannot_change_it()
    {
        var spec = _bundle.Script("cat /proc/self/cgroup | grep ^0:; grep -c ' /sys/fs/cgroup .* - cgroup2 ' /proc/self/mountinfo; cat /sys/fs/cgroup/cgroup.procs | head -n 1; mkdir /sys/fs/cgroup/x 2>/dev/null || echo refused");
        Assert.Equal(["0::/", "1", "1", "refused"], (await _bundle.RunAsync(spec)).Succeeded().Lines);
    }

    [Fact]
    public async Task Devices_that_no_rule_names_cannot_be_opened()
    {
        var spec = _bundle.Script("cd /dev; mknod disk b 7 0; mknod mem c 1 1; for d in disk mem; do (exec 3<$d) 2>&1 | grep -o 'Operation not permitted'; done; echo x >null && head -c 1 zero | wc -c");
        spec.Process!.Capabilities = new SpecCapabilities { Bounding = ["CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_SYS_RAWIO"], Effective = ["CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_SYS_RAWIO"], Permitted = ["CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_SYS_RAWIO"] };
        Assert.Equal(["Operation not permitted", "Operation not permitted", "1"], (await _bundle.RunAsync(spec)).Succeeded().Lines);
    }
}
