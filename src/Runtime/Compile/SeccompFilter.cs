using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Linux.Seccomp;
using Yun.Oci;

namespace Yun.Runtime.Compile;

/// <summary>The spec's <c>linux.seccomp</c> as a compiled filter.</summary>
internal static class SeccompFilter
{
    public static byte[] For(SpecSeccomp seccomp)
    {
        if (Notifies(seccomp) && seccomp.ListenerPath is not { Length: > 0 }) throw new SpecException("linux.seccomp.listenerPath", "is missing; SCMP_ACT_NOTIFY needs somebody to ask");
        if (seccomp is { ListenerMetadata.Length: > 0, ListenerPath: not { Length: > 0 } }) throw new SpecException("linux.seccomp.listenerMetadata", "has no listenerPath to be sent to");
        var rules = new List<SeccompRule>();
        for (var i = 0; i < (seccomp.Syscalls?.Count ?? 0); i++) AddRules(rules, seccomp.Syscalls![i], $"linux.seccomp.syscalls[{i}]");
        var native = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SyscallArchitecture.Arm64 : SyscallArchitecture.X64;
        var architectures = new List<SyscallArchitecture> { native };
        foreach (var name in seccomp.Architectures ?? [])
            if (ArchitectureOf(name) is { } architecture && !architectures.Contains(architecture)) architectures.Add(architecture);
        var action = ActionOf(seccomp.DefaultAction, seccomp.DefaultErrnoRet, "linux.seccomp.defaultAction", "linux.seccomp.defaultErrnoRet");
        // As runc does: of a call that is newer than the profile a program is told that it is not there, for to anything else it has no answer.
        var newer = seccomp.DefaultAction is "SCMP_ACT_ALLOW" or "SCMP_ACT_LOG" or "SCMP_ACT_TRACE" ? action : SeccompAction.Errno | (uint)Errno.ENOSYS;
        return SeccompCompiler.Compile(new SeccompPolicy(action, [.. architectures], rules, newer));
    }

    /// <summary>Whether the filter asks a listener.</summary>
    public static bool Notifies(SpecSeccomp? seccomp)
    {
        if (seccomp is null) return false;
        if (seccomp.DefaultAction == Notify) throw new SpecException("linux.seccomp.defaultAction", "cannot be SCMP_ACT_NOTIFY: the start itself would wait for the listener");
        var found = false;
        for (var i = 0; i < (seccomp.Syscalls?.Count ?? 0); i++)
        {
            if (seccomp.Syscalls![i].Action != Notify) continue;
            found = true;
            foreach (var name in seccomp.Syscalls[i].Names)
                if (Array.IndexOf(s_ours, name) >= 0) throw new SpecException($"linux.seccomp.syscalls[{i}].names", $"SCMP_ACT_NOTIFY cannot be used for the {name} syscall: the listener is handed over with it");
        }
        return found;
    }

    /// <summary>The flags of seccomp(2). Without any named the filter does not turn on the mitigations of speculation, which is what kernels since 5.16 do and runc does everywhere.</summary>
    public static long Flags(SpecSeccomp seccomp, bool listens)
    {
        if (seccomp.Flags is null) return SpeculationAllowed;
        long flags = 0;
        foreach (var flag in seccomp.Flags)
            flags |= flag switch
            {
                "SECCOMP_FILTER_FLAG_TSYNC" => 0, // one thread: nothing to synchronise
                "SECCOMP_FILTER_FLAG_LOG" => 2,
                "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => SpeculationAllowed,
                "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => listens ? 32 : 0, // nobody is waited for
                _ => throw new SpecException("linux.seccomp.flags", $"'{flag}' is not supported"),
            };
        return flags;
    }

    private const long SpeculationAllowed = 4;
    private const string Notify = "SCMP_ACT_NOTIFY";
    private static readonly string[] s_ours = ["sendmsg", "write", "clone"];

    private static void AddRules(List<SeccompRule> rules, SpecSyscall syscall, string field)
    {
        var action = ActionOf(syscall.Action, syscall.ErrnoRet, $"{field}.action", $"{field}.errnoRet");
        if (syscall.Names.Count == 0) throw new SpecException($"{field}.names", "is empty; a rule is for one call at least");
        var arguments = new List<SeccompArgument>();
        foreach (var argument in syscall.Args ?? []) arguments.Add(ArgumentOf(argument, $"{field}.args[{arguments.Count}]"));
        // Two comparisons of one argument mean either, as runc reads the specification: one rule cannot hold both.
        var alternatives = arguments.Exists(a => arguments.Exists(b => b != a && b.Index == a.Index));
        foreach (var name in syscall.Names)
        {
            if (!alternatives) rules.Add(new SeccompRule(name, action, arguments));
            else foreach (var argument in arguments) rules.Add(new SeccompRule(name, action, [argument]));
        }
    }

    private static SeccompArgument ArgumentOf(SpecSyscallArgument argument, string field)
    {
        if (argument.Index > 5) throw new SpecException($"{field}.index", $"{argument.Index} is not between 0 and 5");
        var comparison = argument.Op switch
        {
            "SCMP_CMP_EQ" => SeccompComparison.Equal,
            "SCMP_CMP_NE" => SeccompComparison.NotEqual,
            "SCMP_CMP_LT" => SeccompComparison.Less,
            "SCMP_CMP_LE" => SeccompComparison.LessOrEqual,
            "SCMP_CMP_GT" => SeccompComparison.Greater,
            "SCMP_CMP_GE" => SeccompComparison.GreaterOrEqual,
            "SCMP_CMP_MASKED_EQ" => SeccompComparison.MaskedEqual,
            _ => throw new SpecException($"{field}.op", $"'{argument.Op}' is not a comparison"),
        };
        return new SeccompArgument((int)argument.Index, comparison, argument.Value, argument.ValueTwo);
    }

    private static uint ActionOf(string action, uint? errno, string field, string errnoField) => action switch
    {
        not ("SCMP_ACT_ERRNO" or "SCMP_ACT_TRACE") when errno is not null => throw new SpecException(errnoField, $"is given with {action}, which returns no error number"),
        "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => SeccompAction.KillThread,
        "SCMP_ACT_KILL_PROCESS" => SeccompAction.KillProcess,
        "SCMP_ACT_TRAP" => SeccompAction.Trap,
        "SCMP_ACT_ERRNO" => SeccompAction.Errno | ((errno ?? 1) & 0xffff),
        "SCMP_ACT_TRACE" => SeccompAction.Trace | ((errno ?? 1) & 0xffff),
        "SCMP_ACT_ALLOW" => SeccompAction.Allow,
        "SCMP_ACT_LOG" => SeccompAction.Log,
        Notify => SeccompAction.Notify,
        _ => throw new SpecException(field, $"'{action}' is not a seccomp action"),
    };

    // Names of other machines' architectures are in every common profile and mean nothing here.
    private static SyscallArchitecture? ArchitectureOf(string name) => (name, RuntimeInformation.ProcessArchitecture) switch
    {
        ("SCMP_ARCH_X86_64", Architecture.X64) => SyscallArchitecture.X64,
        ("SCMP_ARCH_X86", Architecture.X64) => SyscallArchitecture.X86,
        ("SCMP_ARCH_X32", Architecture.X64) => SyscallArchitecture.X32,
        ("SCMP_ARCH_AARCH64", Architecture.Arm64) => SyscallArchitecture.Arm64,
        ("SCMP_ARCH_ARM", Architecture.Arm64) => SyscallArchitecture.Arm,
        _ => null,
    };
}
