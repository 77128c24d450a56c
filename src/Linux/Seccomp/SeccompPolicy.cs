namespace Yun.Linux.Seccomp;

/// <summary>How an argument of a system call is compared; all comparisons are of unsigned 64-bit numbers.</summary>
public enum SeccompComparison
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// <summary>The argument and <see cref="SeccompArgument.Value"/>, bit by bit, is <see cref="SeccompArgument.ValueTwo"/>.</summary>
    MaskedEqual,
}

/// <param name="Index">Which argument, 0 to 5.</param>
public sealed record SeccompArgument(int Index, SeccompComparison Comparison, ulong Value, ulong ValueTwo = 0);

/// <summary>What to do with one system call when all of some argument comparisons hold; without arguments, always.</summary>
/// <param name="Action">A SECCOMP_RET_* value with its data, as the filter returns it.</param>
public sealed record SeccompRule(string Syscall, uint Action, IReadOnlyList<SeccompArgument> Arguments);

/// <summary>A seccomp filter to be compiled. The first rule of a call whose arguments match decides; rules without arguments come last, whatever their place.</summary>
/// <param name="DefaultAction">For system calls without a rule that matches.</param>
/// <param name="Architectures">Which tables calls may come from; a call from another one ends the process.</param>
/// <param name="NewerAction">For calls with higher numbers than any that a rule names, which is what whoever wrote the policy had not heard of; x32's excepted.</param>
public sealed record SeccompPolicy(uint DefaultAction, SyscallArchitecture[] Architectures, IReadOnlyList<SeccompRule> Rules, uint NewerAction)
{
    public SeccompPolicy(uint defaultAction, SyscallArchitecture[] architectures, IReadOnlyList<SeccompRule> rules) : this(defaultAction, architectures, rules, defaultAction) { }
}

/// <summary>What a filter can answer (linux/seccomp.h).</summary>
public static class SeccompAction
{
    public const uint KillProcess = 0x80000000, KillThread = 0, Trap = 0x00030000, Errno = 0x00050000, Notify = 0x7fc00000, Trace = 0x7ff00000, Log = 0x7ffc0000, Allow = 0x7fff0000;
}
