using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Linux.Cgroups;

public sealed class DeviceFilterTests : IDisposable
{
    private readonly string _cgroup;

    public DeviceFilterTests()
    {
        Assert.SkipWhen(CgroupLayout.Machine.Unified is null, "this machine has no cgroup v2 hierarchy");
        _cgroup = $"{CgroupLayout.Machine.Unified!.MountPoint}/yun-test-{Guid.NewGuid():N}";
        Directory.CreateDirectory(_cgroup);
    }

    public void Dispose()
    {
        if (_cgroup is not null) Directory.Delete(_cgroup);
    }

    private async Task<string[]> TryAsync(params string[] devices)
    {
        var script = string.Concat(devices.Select(d => $"({d}) 2>/dev/null && echo yes || echo no; "));
        return (await new Command("/bin/sh", "-c", $"echo 0 >{_cgroup}/cgroup.procs; {script}").RunAsync()).Lines;
    }

    private const string ReadZero = "head -c 1 /dev/zero >/dev/null", WriteZero = "exec 3>>/dev/zero", ReadNull = "exec 3</dev/null", WriteNull = "exec 3>/dev/null", MakeNode = "mknod /dev/yun-test-node c 1 3 && rm /dev/yun-test-node";

    [Fact]
    public async Task Only_what_a_rule_allows_can_be_opened_or_made()
    {
        DeviceFilter.Set(_cgroup, [new(false, 'a', null, null, "rwm"), new(true, 'c', 1, 3, "rw"), new(true, 'c', 1, 5, "r")]);
        Assert.Equal(["yes", "no", "yes", "yes", "no", "no"], await TryAsync(ReadZero, WriteZero, ReadNull, WriteNull, MakeNode, "exec 3</dev/full"));
    }

    [Fact]
    public async Task The_last_rule_that_matches_decides()
    {
        DeviceFilter.Set(_cgroup, [new(true, 'c', null, null, "rwm"), new(false, 'c', 1, 5, "w"), new(true, 'c', 1, 5, "m")]);
        Assert.Equal(["yes", "no", "yes"], await TryAsync(ReadZero, WriteZero, MakeNode));
    }

    [Fact]
    public async Task New_rules_take_the_place_of_the_old()
    {
        DeviceFilter.Set(_cgroup, [new(true, 'c', 1, 3, "rwm")]);
        DeviceFilter.Set(_cgroup, [new(true, 'c', 1, 3, "rwm"), new(true, 'c', 1, 5, "r")]);
        Assert.Equal(["yes", "no"], await TryAsync(ReadZero, WriteZero));
        DeviceFilter.Set(_cgroup, [new(true, 'c', 1, 3, "w")]);
        Assert.Equal(["no", "no", "yes"], await TryAsync(ReadZero, ReadNull, WriteNull));
    }

    [Fact]
    public async Task Without_a_rule_nothing_is_allowed()
    {
        DeviceFilter.Set(_cgroup, []);
        Assert.Equal(["no", "no"], await TryAsync(WriteNull, ReadZero));
    }
}
