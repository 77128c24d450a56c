using Yun.Linux.Cgroups;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Linux.Cgroups;

public sealed class CgroupTests
{
    [Fact]
    public async Task Killing_reaches_cgroups_below_by_the_v2_hierarchy_also_beside_v1()
    {
        Assert.SkipWhen(Environment.UserName != "root", "cgroups need root");
        Assert.SkipWhen(CgroupLayout.Machine.Unified is null, "this machine has no cgroup v2 hierarchy");
        var cgroup = Cgroup.At($"/yun-test-{Guid.NewGuid():N}");
        var inner = Cgroup.At(cgroup.Path + "/inner");
        inner.Create();
        try
        {
            var join = string.Concat(inner.JoinFiles().Select(file => $"echo 0 >{file}; "));
            var sleeper = new Command("/bin/sh", "-c", join + "exec sleep 1000").RunAsync();
            await Eventually.HoldsAsync(() => Task.FromResult(inner.Processes().Count == 1));
            Assert.Empty(cgroup.Processes());
            cgroup.Kill();
            Assert.Equal(137, (await sleeper).ExitCode);
        }
        finally
        {
            inner.Kill();
            await Eventually.HoldsAsync(() => Task.FromResult(cgroup.TryRemove()));
        }
    }
}
