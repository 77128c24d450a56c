using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Commands;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Tests.Runtime;

/// <summary>
/// The system calls that start a container, held as text in Plans/: what changes there is to be read and wanted. With YUN_WRITE_PLANS=1 the
/// files are written anew.
/// </summary>
public sealed class PlanTests
{
    private static readonly Dictionary<string, Action<RuntimeSpec>> s_variations = new()
    {
        ["default"] = _ => { },
        ["terminal"] = spec => spec.Process!.Terminal = true,
        ["writable-root"] = spec => spec.Root!.Readonly = false,
        ["user"] = spec => spec.Process!.User = new SpecUser { Uid = 1000, Gid = 1000, AdditionalGids = [1000, 4], Umask = 63 },
        ["binds"] = spec => spec.Mounts!.AddRange(
        [
            new SpecMount { Destination = "/srv/data", Type = "bind", Source = "/data", Options = ["rbind", "ro", "rprivate"] },
            new SpecMount { Destination = "/etc/resolv.conf", Type = "bind", Source = "/etc/resolv.conf", Options = ["bind", "rro"] },
        ]),
        ["devices"] = spec => spec.Linux!.Devices = [new SpecDevice { Path = "/dev/fuse", Type = "c", Major = 10, Minor = 229, FileMode = 0x1b6, Gid = 5 }, new SpecDevice { Path = "/dev/net/tun", Type = "c", Major = 10, Minor = 200 }],
        ["sysctl"] = spec => spec.Linux!.Sysctl = new() { ["net.ipv4.ip_forward"] = "1" },
        ["limits"] = spec => (spec.Process!.OomScoreAdj, spec.Process.Rlimits) = (500, [new SpecRlimit { Type = "RLIMIT_CORE", Soft = 0, Hard = 0 }]),
        ["seccomp"] = spec => spec.Linux!.Seccomp = new SpecSeccomp { DefaultAction = "SCMP_ACT_ERRNO", Syscalls = [new SpecSyscall { Names = ["read", "write", "exit_group"], Action = "SCMP_ACT_ALLOW" }] },
        ["seccomp-with-privileges"] = spec =>
        {
            spec.Process!.NoNewPrivileges = false;
            spec.Linux!.Seccomp = new SpecSeccomp { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = [new SpecSyscall { Names = ["reboot"], Action = "SCMP_ACT_ERRNO", ErrnoRet = 38 }] };
        },
        ["host-network"] = spec => spec.Linux!.Namespaces!.RemoveAll(n => n.Type == "network"),
        ["joined-network"] = spec => spec.Linux!.Namespaces!.Find(n => n.Type == "network")!.Path = "/run/netns/blue",
        ["ambient"] = spec => spec.Process!.Capabilities = new SpecCapabilities { Bounding = ["CAP_KILL"], Effective = ["CAP_KILL"], Permitted = ["CAP_KILL"], Inheritable = ["CAP_KILL"], Ambient = ["CAP_KILL"] },
        ["privileged"] = spec =>
        {
            List<string> all = [.. Yun.Linux.Capabilities.Names];
            spec.Process!.Capabilities = new SpecCapabilities { Bounding = all, Effective = all, Permitted = all };
            (spec.Linux!.MaskedPaths, spec.Linux.ReadonlyPaths, spec.Process.NoNewPrivileges) = ([], [], false);
        },
        ["unified-cgroups"] = _ => { },
    };

    public static TheoryData<string> Names() => [.. s_variations.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_spec_compiles_to_the_same_system_calls_as_before(string name)
    {
        var spec = DefaultSpec.Make();
        spec.Process!.Terminal = false;
        s_variations[name](spec);
        var host = new FixedHost { IsUnified = name.StartsWith("unified", StringComparison.Ordinal) };
        using var program = ContainerProgram.Compile(spec, new LaunchInput { Id = "golden", OpensForReal = false, Cgroup = Cgroup.At("/yun/golden", host.Cgroups) }, host);
        var actual = $"clone3({program.CloneFlags})\n{ProgramText.Print(program.Program)}";

        var path = Path.Combine(Repository.Root, "tests", "Yun.Tests", "Runtime", "Plans", name + ".plan");
        if (Environment.GetEnvironmentVariable("YUN_WRITE_PLANS") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }

    [Theory]
    [InlineData("/proc/sys/kernel/core_pattern", "mounts[7].destination")]
    [InlineData("/proc/self/attr", "mounts[7].destination")]
    public void A_mount_inside_proc_is_refused(string destination, string field)
    {
        var spec = DefaultSpec.Make();
        spec.Mounts!.Add(new SpecMount { Destination = destination, Type = "tmpfs" });
        var error = Assert.Throws<SpecException>(() => ContainerProgram.Compile(spec, new LaunchInput { Id = "x", OpensForReal = false }, new FixedHost()));
        Assert.Equal(field, error.Field);
    }

    [Fact]
    public void A_wrong_field_is_named()
    {
        var spec = DefaultSpec.Make();
        spec.Process!.Rlimits = [new SpecRlimit { Type = "RLIMIT_NOFILE", Soft = 2, Hard = 1 }];
        Assert.StartsWith("process.rlimits[0].soft:", Assert.Throws<SpecException>(() => ContainerProgram.Compile(spec, new LaunchInput { Id = "x", OpensForReal = false }, new FixedHost())).Message);
    }
}
