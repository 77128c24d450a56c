using System.Runtime.InteropServices;
using Yun.Linux.Seccomp;
using Yun.Node.Containers.Spec;
using Yun.Oci;
using Yun.Oci.Seccomp;

namespace Yun.Tests.Node.Containers.Spec;

public sealed class SeccompProfileTests
{
    private static readonly string[] s_defaultCapabilities =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    // Computed from moby's profile for its default capabilities; clone, personality and socket depend on their arguments.
    private static readonly string[] s_refused = ("_sysctl acct add_key afs_syscall bpf clock_settime clone3 create_module delete_module fanotify_init finit_module fsconfig fsmount fsopen fspick get_kernel_syms "
        + "get_mempolicy getpmsg init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind migrate_pages mount mount_setattr move_mount "
        + "move_pages nfsservctl open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root process_madvise putpmsg query_module quotactl quotactl_fd reboot request_key security set_mempolicy "
        + "set_mempolicy_home_node setdomainname sethostname setns settimeofday swapoff swapon sysfs syslog tuxcall umount2 unshare uselib userfaultfd ustat vhangup vserver").Split(' ');

    [Fact]
    public void The_calls_of_x64_that_Docker_refuses_are_refused_and_no_others()
    {
        var allowed = Names(SeccompProfile.Default(s_defaultCapabilities, Architecture.X64));
        // Calls newer than the headers the list was computed from have numbers from 451 on.
        var refused = SyscallTable.Names.Where(n => SyscallTable.Number(n, SyscallArchitecture.X64) is < 451 && !allowed.Contains(n)).Order(StringComparer.Ordinal);
        // Of the oldest calls some have no number in the headers of today.
        Assert.Equal(s_refused.Where(n => SyscallTable.Number(n, SyscallArchitecture.X64) is not null).Order(StringComparer.Ordinal), refused);
    }

    [Fact]
    public void A_capability_brings_back_the_calls_it_guards()
    {
        Assert.DoesNotContain("mount", Names(SeccompProfile.Default(s_defaultCapabilities, Architecture.X64)));
        Assert.Contains("mount", Names(SeccompProfile.Default([.. s_defaultCapabilities, "CAP_SYS_ADMIN"], Architecture.X64)));
        Assert.Contains("settimeofday", Names(SeccompProfile.Default(["CAP_SYS_TIME"], Architecture.X64)));
    }

    [Theory]
    [InlineData(1u, true)]
    [InlineData(37u, true)]
    [InlineData(38u, false)]
    [InlineData(39u, true)]
    [InlineData(40u, false)]
    [InlineData(41u, true)]
    public void Only_the_kernels_crypto_and_vm_sockets_are_refused(uint family, bool allowed)
    {
        var rules = SeccompProfile.Default(s_defaultCapabilities, Architecture.X64).Syscalls!.Where(s => s.Names.Contains("socket"));
        Assert.Equal(allowed, rules.Any(r => r.Args!.All(a => a.Op switch { "SCMP_CMP_LT" => family < a.Value, "SCMP_CMP_GT" => family > a.Value, _ => family == a.Value })));
    }

    [Fact]
    public void New_namespaces_are_refused_by_the_flags_of_clone()
    {
        var clone = SeccompProfile.Default(s_defaultCapabilities, Architecture.X64).Syscalls!.Single(s => s.Names.Contains("clone"));
        Assert.Equal((0x7e020000UL, 0UL, "SCMP_CMP_MASKED_EQ"), (clone.Args![0].Value, clone.Args[0].ValueTwo, clone.Args[0].Op));
        Assert.Equal(38u, SeccompProfile.Default(s_defaultCapabilities, Architecture.X64).Syscalls!.Single(s => s.Names.Contains("clone3")).ErrnoRet);
    }

    [Fact]
    public void The_strict_profile_refuses_more_than_a_hundred_and_ten_of_the_362_calls_and_none_that_Docker_refuses_is_allowed()
    {
        var strict = Names(StrictSeccomp.For(StrictProfile.Capabilities, arm: false));
        var docker = Names(SeccompProfile.Default(s_defaultCapabilities, Architecture.X64));
        var numbers = strict.Select(n => SyscallTable.Number(n, SyscallArchitecture.X64)).OfType<int>().ToHashSet();
        // The table of x86-64 up to set_mempolicy_home_node, in which 335 to 423 are left out.
        var refused = Enumerable.Range(0, 451).Count(n => n is < 335 or > 423 && !numbers.Contains(n));
        Assert.InRange(refused, 110, 150);
        Assert.Subset(docker, strict.Where(n => SyscallTable.Number(n, SyscallArchitecture.X64) is not null).ToHashSet());
    }

    [Fact]
    public void Every_name_in_the_strict_profile_is_a_call()
    {
        var profile = StrictSeccomp.For([.. Yun.Linux.Capabilities.Names], arm: false);
        Assert.All(profile.Syscalls!.SelectMany(s => s.Names), name => Assert.True(SyscallTable.IsKnown(name), name));
    }

    private static HashSet<string> Names(SpecSeccomp profile) => [.. profile.Syscalls!.Where(s => s.Action == "SCMP_ACT_ALLOW").SelectMany(s => s.Names)];
}
