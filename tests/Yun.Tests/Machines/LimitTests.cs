using Yun.Oci;

namespace Yun.Tests.Machines;

/// <summary>Limits where cgroups v2 is all there is: that they are written, and that the kernel holds to them.</summary>
public sealed class LimitTests(GuestFixture fixture)
{
    private static RuntimeSpec Limited(string script, Action<SpecResources> limit)
    {
        var spec = Guest.Script(script);
        limit(spec.Linux!.Resources!);
        return spec;
    }

    private async Task<string[]> RunAsync(RuntimeSpec spec, string script) => (await (await fixture.StartedAsync()).RunAsync(spec, script)).Succeeded().Lines;

    private async Task<string[]> FilesAsync(Action<SpecResources> limit, params string[] files) =>
        await RunAsync(Limited("sleep 1000", limit), $"create && cd $cgroup && cat {string.Join(' ', files)}");

    [Fact]
    public async Task The_machine_has_version_two_alone()
    {
        var guest = await fixture.StartedAsync();
        Assert.Equal(["cgroup2", "0::/"], (await guest.RunAsync("grep -o ' - cgroup[^ ]*' /proc/self/mountinfo | cut -c 4-; cat /proc/self/cgroup")).Succeeded().Lines);
    }

    [Fact]
    public async Task Memory_is_written_as_maximum_swap_apart_from_it_and_low()
    {
        var files = await FilesAsync(r => (r.Memory, r.Unified) = (new() { Limit = 64 << 20, Swap = 96 << 20, Reservation = 16 << 20 }, new() { ["memory.high"] = $"{48 << 20}" }),
            "memory.max", "memory.swap.max", "memory.low", "memory.high");
        Assert.Equal([$"{64 << 20}", $"{32 << 20}", $"{16 << 20}", $"{48 << 20}"], files);
    }

    [Fact]
    public async Task Processors_are_written_as_weight_maximum_and_set()
    {
        var files = await FilesAsync(r => r.Cpu = new() { Shares = 512, Quota = 50_000, Period = 100_000, Cpus = "1", Mems = "0" }, "cpu.weight", "cpu.max", "cpuset.cpus.effective", "cpuset.mems");
        Assert.Equal(["20", "50000 100000", "1", "0"], files);
    }

    [Fact]
    public async Task Blocks_are_written_as_weight_and_maximum_for_a_disk()
    {
        var files = await FilesAsync(r => r.BlockIO = new() { Weight = 500, ThrottleReadBpsDevice = [new() { Major = 254, Minor = 0, Rate = 1 << 20 }], ThrottleWriteIopsDevice = [new() { Major = 254, Minor = 0, Rate = 100 }] }, "io.weight", "io.max");
        Assert.Equal(["default 4950", "254:0 rbps=1048576 wbps=max riops=max wiops=100"], files);
    }

    [Fact]
    public async Task Who_may_write_little_to_a_disk_falls_behind_who_may_write_all()
    {
        var spec = Limited("dd if=/dev/zero of=/slow bs=16k count=1024 oflag=direct", r => r.BlockIO = new() { ThrottleWriteBpsDevice = [new() { Major = 254, Minor = 0, Rate = 64 << 10 }] });
        spec.Root!.Readonly = false;
        var lines = await RunAsync(spec, """
            cd /srv/busybox; trap 'yun-runtime kill $id KILL; rm -f /srv/busybox/slow /srv/busybox/fast' EXIT
            (cd /run/$id && begin); until_ '[ -s slow ]'
            dd if=/dev/zero of=fast bs=16k count=128 oflag=direct 2>/dev/null
            [ $(stat -c %s slow) -lt $(stat -c %s fast) ] && yun-runtime state $id | grep -o running
            """);
        Assert.Equal(["running"], lines);
    }

    [Fact]
    public async Task Huge_pages_are_limited() => Assert.Equal([$"{4 << 20}"], await FilesAsync(r => r.HugepageLimits = [new() { PageSize = "2MB", Limit = 4 << 20 }], "hugetlb.2MB.max"));

    [Fact]
    public async Task Who_takes_more_memory_than_allowed_is_killed_and_events_say_why()
    {
        var spec = Limited("sleep 3; tail /dev/zero; echo survived $?; sleep 1000", r => r.Memory = new() { Limit = 16 << 20, Swap = 16 << 20 });
        var lines = await RunAsync(spec, "begin; yun-runtime events --interval 200ms $id >events & until_ 'grep -q survived output'; until_ 'grep -q oom events'; cat output; grep oom_kill $cgroup/memory.events; grep -o '\"type\":\"oom\"' events | head -n 1");
        Assert.Equal(["survived 137", "oom_kill 1", "\"type\":\"oom\""], lines);
    }

    [Fact]
    public async Task No_more_processes_than_allowed_can_be_made()
    {
        var lines = await RunAsync(Limited("for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; sleep 1000", r => r.Pids = new() { Limit = 5 }), "begin; until_ 'grep -q fork errors'; cat $cgroup/pids.max; grep -o \"can't fork.*\" errors | head -n 1; [ $(cat $cgroup/pids.current) -le 5 ] && echo held");
        Assert.Equal(["5", "can't fork: Resource temporarily unavailable", "held"], lines);
    }

    [Fact]
    public async Task Who_has_used_up_its_processor_time_waits()
    {
        var spec = Limited("while :; do :; done", r => r.Cpu = new() { Quota = 10_000, Period = 100_000 });
        Assert.Equal(["waited"], await RunAsync(spec, "begin; until_ '[ $(sed -n \"s/^nr_throttled //p\" $cgroup/cpu.stat) -gt 3 ]'; echo waited"));
    }

    [Fact]
    public async Task Its_processes_run_on_the_processors_of_its_set()
    {
        Assert.Equal(["1"], await RunAsync(Limited("grep Cpus_allowed_list /proc/self/status | cut -f 2", r => r.Cpu = new() { Cpus = "1" }), "yun-runtime run $id"));
    }

    [Fact]
    public async Task Update_changes_what_it_names_and_nothing_else()
    {
        var spec = Limited("sleep 1000", r => (r.Memory, r.Pids) = (new() { Limit = 64 << 20 }, new() { Limit = 50 }));
        var lines = await RunAsync(spec, "begin; yun-runtime update --memory 128m --cpu-quota 20000 --cpu-period 50000 --cpu-share 2048 $id && echo '{\"pids\":{\"limit\":77}}' | yun-runtime update --resources - $id && cd $cgroup && cat memory.max cpu.max cpu.weight pids.max");
        Assert.Equal([$"{128 << 20}", "20000 50000", "79", "77"], lines);
    }

    [Fact]
    public async Task Events_tell_what_is_used_and_allowed()
    {
        var spec = Limited("sleep 1000", r => (r.Memory, r.Pids) = (new() { Limit = 64 << 20 }, new() { Limit = 50 }));
        var line = Assert.Single(await RunAsync(spec, "begin; yun-runtime events --stats $id"));
        Assert.Contains("\"pids\":{\"current\":1,\"limit\":50}", line, StringComparison.Ordinal);
        Assert.Contains($"\"limit\":{64 << 20},\"usage\":", line, StringComparison.Ordinal);
        Assert.DoesNotContain("\"usage\":{\"total\":0,", line, StringComparison.Ordinal);
    }
}
