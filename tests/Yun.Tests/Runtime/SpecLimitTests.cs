using Yun.Oci;
using Yun.Runtime.Compile;

namespace Yun.Tests.Runtime;

/// <summary>Values that must be refused, each by its field.</summary>
public sealed class SpecLimitTests
{
    private static void Refused(string field, Action<RuntimeSpec> change)
    {
        var spec = Yun.Runtime.Commands.DefaultSpec.Make();
        spec.Process!.Terminal = false;
        change(spec);
        Assert.Equal(field, Assert.Throws<SpecException>(() => ContainerProgram.Compile(spec, new LaunchInput { Id = "x", OpensForReal = false }, new FixedHost())).Field);
    }

    [Theory]
    [InlineData("kernel.core_pattern"), InlineData("kernel/core_pattern"), InlineData("vm.overcommit_memory"), InlineData("kernel.sysrq"), InlineData("fs.file-max"), InlineData("kernel.modprobe")]
    public void A_parameter_of_the_whole_machine_cannot_be_set(string name) => Refused($"linux.sysctl.{name.Replace('/', '.')}", spec => spec.Linux!.Sysctl = new() { [name] = "1" });

    [Theory]
    [InlineData("net.ipv4.ip_forward", "network"), InlineData("kernel.shmmax", "ipc"), InlineData("fs.mqueue.msg_max", "ipc"), InlineData("kernel.domainname", "uts")]
    public void A_parameter_of_a_namespace_needs_that_namespace(string name, string kind) => Refused($"linux.sysctl.{name}", spec =>
    {
        spec.Linux!.Namespaces!.RemoveAll(n => n.Type == kind);
        if (kind == "uts") spec.Hostname = null;
        spec.Linux.Sysctl = new() { [name] = "1" };
    });

    [Fact]
    public void A_parameters_path_cannot_leave_its_place() => Refused("linux.sysctl", spec => spec.Linux!.Sysctl = new() { ["net/ipv4/../../kernel/core_pattern"] = "1" });

    [Fact]
    public void A_parameters_value_is_one_line() => Refused("linux.sysctl.net.ipv4.ip_forward", spec => spec.Linux!.Sysctl = new() { ["net.ipv4.ip_forward"] = "1\n|/bin/evil" });

    [Fact]
    public void The_id_that_means_no_change_is_refused()
    {
        Refused("process.user.uid", spec => spec.Process!.User.Uid = uint.MaxValue);
        Refused("process.user.gid", spec => spec.Process!.User.Gid = uint.MaxValue);
    }

    [Fact]
    public void What_there_is_not_is_refused_by_name()
    {
        Refused("process.apparmorProfile", spec => spec.Process!.ApparmorProfile = "x");
        Refused("process.selinuxLabel", spec => spec.Process!.SelinuxLabel = "x");
        Refused("linux.mountLabel", spec => spec.Linux!.MountLabel = "x");
        Refused("linux.memoryPolicy.mode", spec => spec.Linux!.MemoryPolicy = new() { Mode = "MPOL_NONE" });
        Refused("linux.timeOffsets", spec => spec.Linux!.TimeOffsets = new() { ["boottime"] = new() });
        Refused("linux.personality.flags", spec => spec.Linux!.Personality = new() { Domain = "LINUX", Flags = ["x"] });
        Refused("process.ioPriority.priority", spec => spec.Process!.IoPriority = new() { Class = "IOPRIO_CLASS_BE", Priority = 8 });
        Refused("linux.seccomp.defaultAction", spec => spec.Linux!.Seccomp = new() { DefaultAction = "SCMP_ACT_NOTIFY" });
    }
}
