using System.Runtime.InteropServices;
using Yun.Oci;
using Yun.Oci.Seccomp;

namespace Yun.Node.Containers.Spec;

/// <summary>
/// Docker's default seccomp profile (moby/profiles, 2026), made for a set of capabilities: a call that the kernel guards by a capability is let
/// through where the container has that capability. What is not listed fails with EPERM.
/// </summary>
public static partial class SeccompProfile
{
    private const string Allow = "SCMP_ACT_ALLOW", Fail = "SCMP_ACT_ERRNO";

    // CLONE_NEWNS and its six kin; a filter can see clone's flags, but not clone3's, which therefore "does not exist" and makes libc use clone.
    private const ulong NewNamespaces = 0x7e020000;
    // AF_MAX of the newest kernel; a family beyond it does not exist, and refusing it changes nothing but the error's number.
    private const ulong AddressFamilies = 46;
    private const uint NoSuchCall = 38;
    private const uint NotPermitted = 1;

    /// <param name="capabilities">The container's bounding set, by name.</param>
    public static SpecSeccomp Default(IReadOnlyCollection<string> capabilities) => Default(capabilities, RuntimeInformation.ProcessArchitecture);

    internal static SpecSeccomp Default(IReadOnlyCollection<string> capabilities, Architecture architecture)
    {
        var arm = architecture == Architecture.Arm64;
        var calls = new List<SpecSyscall>
        {
            Allowed(s_always), Allowed(["process_vm_readv", "process_vm_writev", "ptrace"]),
            // All address families but AF_ALG (38, CVE-2026-31431) and AF_VSOCK (40). Those above are named one by one: "greater than 40" would
            // let a number through whose low half is 40, and the low half is all that the kernel looks at.
            Allowed(["socket"], Argument("SCMP_CMP_LT", 38)), Allowed(["socket"], Argument("SCMP_CMP_EQ", 39)),
            arm ? Allowed(["arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2", "breakpoint", "cacheflush", "set_tls"]) : Allowed(["arch_prctl", "modify_ldt"]),
        };
        for (ulong family = 41; family < AddressFamilies; family++) calls.Add(Allowed(["socket"], Argument("SCMP_CMP_EQ", family)));
        foreach (ulong personality in (ReadOnlySpan<ulong>)[0, 8, 0x20000, 0x20008, 0xffffffff]) calls.Add(Allowed(["personality"], Argument("SCMP_CMP_EQ", personality)));
        foreach (var (capability, names) in GuardedCalls.ByCapability)
            if (capabilities.Contains(capability)) calls.Add(Allowed(names));
        if (!capabilities.Contains("CAP_SYS_ADMIN"))
        {
            calls.Add(Allowed(["clone"], Argument("SCMP_CMP_MASKED_EQ", NewNamespaces)));
            calls.Add(new SpecSyscall { Names = ["clone3"], Action = Fail, ErrnoRet = NoSuchCall });
        }
        return new SpecSeccomp
        {
            DefaultAction = Fail, DefaultErrnoRet = NotPermitted, Syscalls = calls,
            Architectures = arm ? ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"] : ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        };
    }

    private static SpecSyscall Allowed(string[] names, params List<SpecSyscallArgument> arguments) => new() { Names = [.. names], Action = Allow, Args = arguments.Count > 0 ? arguments : null };

    private static SpecSyscallArgument Argument(string comparison, ulong value) => new() { Index = 0, Value = value, Op = comparison };
}
