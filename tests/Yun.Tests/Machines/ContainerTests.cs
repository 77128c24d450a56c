using Yun.Oci;

namespace Yun.Tests.Machines;

/// <summary>Containers where cgroups v2 is all there is, on the distribution's kernel: freezing, killing, devices, and what they see.</summary>
public sealed class ContainerTests(GuestFixture fixture)
{
    private async Task<string[]> RunAsync(RuntimeSpec spec, string script) => (await (await fixture.StartedAsync()).RunAsync(spec, script)).Succeeded().Lines;

    [Fact]
    public async Task It_is_made_in_its_cgroup_with_all_controllers_handed_down()
    {
        Assert.Equal(["0::/c", "cpuset cpu io memory hugetlb pids"], await RunAsync(Guest.Script("sleep 1000"), "begin; pid=$(sed -n 1p $cgroup/cgroup.procs); cut -c 1-5 /proc/$pid/cgroup; cut -d ' ' -f 1-6 $cgroup/cgroup.controllers"));
    }

    [Fact]
    public async Task Paused_it_stands_still_until_it_is_resumed()
    {
        var spec = Guest.Script("i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done");
        var lines = await RunAsync(spec, "begin; until_ 'grep -q . output'; yun-runtime pause $id; until_ 'grep -q \"frozen 1\" $cgroup/cgroup.events'; yun-runtime state $id | grep -o paused; n=$(wc -l <output); sleep 0.5; [ $(wc -l <output) = $n ] && echo still; yun-runtime resume $id; until_ '[ $(wc -l <output) -gt $n ]'; echo on");
        Assert.Equal(["paused", "still", "on"], lines);
    }

    [Fact]
    public async Task Killing_all_reaches_those_in_cgroups_that_it_made_itself()
    {
        var spec = Guest.Script("mkdir /sys/fs/cgroup/inner; sh -c 'echo 0 >/sys/fs/cgroup/inner/cgroup.procs; while :; do sleep 1000 & sleep 1000; done' & sleep 1000");
        spec.Mounts!.Find(m => m.Type == "cgroup")!.Options!.Remove("ro");
        Assert.Equal(["empty"], await RunAsync(spec, "begin; until_ 'grep -q . $cgroup/inner/cgroup.procs'; yun-runtime kill --all $id KILL; until_ 'grep -q \"populated 0\" $cgroup/cgroup.events'; echo empty"));
    }

    [Fact]
    public async Task A_paused_one_is_killed_and_removed_with_all_it_has()
    {
        Assert.Equal(["gone"], await RunAsync(Guest.Script("sleep 1000 & sleep 1000"), "begin; yun-runtime pause $id; yun-runtime delete --force $id; [ ! -e $cgroup ] && echo gone"));
    }

    [Fact]
    public async Task It_goes_on_where_its_checkpoint_was_taken_in_its_cgroup_and_within_its_limits()
    {
        var spec = Guest.Script("i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done");
        spec.Linux!.Resources!.Memory = new() { Limit = 32 << 20 };
        // CRIU writes a network down by iproute2, which is not there.
        spec.Linux.Namespaces!.RemoveAll(n => n.Type == "network");
        var lines = await RunAsync(spec, """
            which criu >/dev/null || { echo no criu; exit; }
            set -e
            begin; until_ '[ $(wc -l <output) -gt 2 ]'
            yun-runtime checkpoint --image-path images $id || { tail -n 30 images/dump.log >&2; exit 1; }
            [ ! -e $cgroup ]; n=$(wc -l <output)
            yun-runtime restore --manage-cgroups-mode strict --image-path images --detach $id 2>&1 | grep -o 'use soft or full'
            yun-runtime restore --image-path images --detach $id </dev/null >>output; until_ '[ $(wc -l <output) -gt $((n + 2)) ]'
            yun-runtime pause $id; seq $(wc -l <output) | cmp - output; echo through
            cat $cgroup/memory.max; yun-runtime state $id | grep -o paused
            """);
        Assert.SkipWhen(lines is ["no criu"], "There is no CRIU that works here.");
        Assert.Equal(["use soft or full", "through", $"{32 << 20}", "paused"], lines);
    }

    [Fact]
    public async Task It_sees_one_hierarchy_that_begins_at_its_own_cgroup()
    {
        var spec = Guest.Script("cat /proc/self/cgroup; cat /sys/fs/cgroup/memory.max; mkdir /sys/fs/cgroup/x 2>/dev/null || echo refused");
        spec.Linux!.Resources!.Memory = new() { Limit = 32 << 20 };
        Assert.Equal(["0::/", $"{32 << 20}", "refused"], await RunAsync(spec, "yun-runtime run $id"));
    }

    [Fact]
    public async Task A_process_that_joins_is_in_the_same_cgroup()
    {
        Assert.Equal(["0::/", "in it"], await RunAsync(Guest.Script("sleep 1000"), "begin; yun-runtime exec $id cat /proc/self/cgroup; yun-runtime exec $id sh -c 'grep -qx $$ /sys/fs/cgroup/cgroup.procs && echo in it'"));
    }

    [Fact]
    public async Task Only_devices_that_a_rule_names_can_be_opened_and_new_rules_take_the_place_of_the_old()
    {
        var spec = Guest.Script("sleep 1000");
        List<string> all = ["CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_SYS_RAWIO"];
        spec.Process!.Capabilities = new SpecCapabilities { Bounding = all, Effective = all, Permitted = all };
        spec.Linux!.Resources!.Devices = [new() { Allow = false, Access = "rwm" }, new() { Allow = true, Type = "b", Major = 254, Minor = 0, Access = "r" }];
        const string look = "yun-runtime exec $id sh -c '(exec 3</dev/disk) 2>/dev/null && echo reads; (exec 3>>/dev/disk) 2>/dev/null || echo writes not; (exec 3</dev/mem) 2>/dev/null || echo no memory; echo x >/dev/null && echo null'";
        var lines = await RunAsync(spec, $$"""begin; yun-runtime exec $id sh -c 'mknod /dev/disk b 254 0; mknod /dev/mem c 1 1'; {{look}}; echo '{"devices":[{"allow":false,"access":"rwm"}]}' | yun-runtime update --resources - $id; {{look}}""");
        Assert.Equal(["reads", "writes not", "no memory", "null", "writes not", "no memory", "null"], lines);
    }

    [Fact]
    public async Task With_a_user_namespace_and_hooks_it_is_in_its_cgroup_too()
    {
        var spec = Guest.Script("cat /proc/self/cgroup; cat /proc/self/uid_map | head -n 1 | tr -s ' '");
        Yun.Tests.Runtime.Namespaces.WithUserAndTime(spec);
        spec.Hooks = new SpecHooks { CreateRuntime = [new() { Path = "/bin/sh", Args = ["sh", "-c", "cat >/run/hook-state"] }] };
        spec.Root!.Readonly = false;
        Assert.Equal(["0::/", "0 100000 1000", "creating"], await RunAsync(spec, "yun-runtime run $id && grep -o creating /run/hook-state"));
    }
}
