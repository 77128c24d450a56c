namespace Yun.Linux.Seccomp;

/// <summary>
/// Compiles a policy to a filter that finds a call by bisection rather than by going down a list: some nine comparisons for any of 380 calls.
/// The shape of struct seccomp_data: the call's number at 0, the architecture at 4, six 64-bit arguments from 16.
/// </summary>
public static class SeccompCompiler
{
    private const uint NumberOffset = 0, ArchitectureOffset = 4, ArgumentsOffset = 16;
    private const uint X32Bit = 0x40000000;

    /// <exception cref="InvalidOperationException">The filter would be longer than the kernel takes.</exception>
    public static byte[] Compile(SeccompPolicy policy)
    {
        var program = new BpfProgram();
        var other = program.ReturnOf(SeccompAction.KillProcess);
        var sections = new List<(uint Audit, int Label)>();
        for (var i = 0; i < policy.Architectures.Length; i++)
        {
            var architecture = policy.Architectures[i];
            if (architecture == SyscallArchitecture.X32 || Array.IndexOf(policy.Architectures, architecture) < i) continue;
            sections.Add((AuditNumber(architecture), Section(program, policy, architecture)));
        }
        if (Uses(policy, SyscallArchitecture.X32) && !Uses(policy, SyscallArchitecture.X64))
            sections.Add((AuditNumber(SyscallArchitecture.X64), Section(program, policy, SyscallArchitecture.X32)));
        // The last one written is the first one tried: the machine's own architecture is named first in every profile.
        var next = other;
        for (var i = sections.Count - 1; i >= 0; i--) next = program.IfEqual(sections[i].Audit, sections[i].Label, next);
        program.LoadAt(ArchitectureOffset);
        return program.ToArray();
    }

    private static bool Uses(SeccompPolicy policy, SyscallArchitecture architecture) => Array.IndexOf(policy.Architectures, architecture) >= 0;

    private static int Section(BpfProgram program, SeccompPolicy policy, SyscallArchitecture architecture)
    {
        if (architecture == SyscallArchitecture.X64)
        {
            var x32 = Uses(policy, SyscallArchitecture.X32) ? X32Section(program, policy) : program.ReturnOf(SeccompAction.KillProcess);
            var x64 = Tree(program, Intervals(policy, SyscallArchitecture.X64), narrow: false);
            program.IfGreaterOrEqual(X32Bit, x32, x64);
        }
        else if (architecture == SyscallArchitecture.X32)
        {
            var x32 = X32Section(program, policy);
            program.IfGreaterOrEqual(X32Bit, x32, program.ReturnOf(SeccompAction.KillProcess));
        }
        else Tree(program, Intervals(policy, architecture), narrow: architecture != SyscallArchitecture.Arm64);
        return program.LoadAt(NumberOffset);
    }

    private static int X32Section(BpfProgram program, SeccompPolicy policy)
    {
        Tree(program, Intervals(policy, SyscallArchitecture.X32), narrow: true);
        return program.AndWith(~X32Bit);
    }

    // Numbers from First on, up to the next interval's, are treated alike.
    private sealed record Interval(uint First, uint Action, List<SeccompRule>? Conditional);

    private static List<Interval> Intervals(SeccompPolicy policy, SyscallArchitecture architecture)
    {
        var byNumber = new SortedDictionary<uint, List<SeccompRule>>();
        foreach (var rule in policy.Rules)
        {
            if (SyscallTable.Number(rule.Syscall, architecture) is not { } number) continue;
            if (!byNumber.TryGetValue((uint)number, out var rules)) byNumber[(uint)number] = rules = [];
            rules.Add(rule);
        }
        var intervals = new List<Interval> { new(0, policy.DefaultAction, null) };
        uint next = 0;
        foreach (var (number, rules) in byNumber)
        {
            if (number > next) Append(intervals, new Interval(next, policy.DefaultAction, null));
            var always = rules.Find(r => r.Arguments.Count == 0)?.Action ?? policy.DefaultAction;
            var conditional = rules.FindAll(r => r.Arguments.Count > 0 && r.Action != always);
            Append(intervals, new Interval(number, always, conditional.Count > 0 ? conditional : null));
            next = number + 1;
        }
        var beyond = byNumber.Count == 0 || architecture == SyscallArchitecture.X32 ? policy.DefaultAction : policy.NewerAction;
        Append(intervals, new Interval(next, beyond, null));
        return intervals;
    }

    private static void Append(List<Interval> intervals, Interval interval)
    {
        var last = intervals[^1];
        if (last.First == interval.First) intervals[^1] = interval;
        else if (last.Conditional is not null || interval.Conditional is not null || last.Action != interval.Action) intervals.Add(interval);
    }

    private static int Tree(BpfProgram program, IReadOnlyList<Interval> intervals, bool narrow) => Tree(program, intervals, 0, intervals.Count, narrow);

    private static int Tree(BpfProgram program, IReadOnlyList<Interval> intervals, int from, int to, bool narrow)
    {
        if (to - from == 1) return Leaf(program, intervals[from], narrow);
        var middle = (from + to) / 2;
        var upper = Tree(program, intervals, middle, to, narrow);
        var lower = Tree(program, intervals, from, middle, narrow);
        return program.IfGreaterOrEqual(intervals[middle].First, upper, lower);
    }

    private static int Leaf(BpfProgram program, Interval interval, bool narrow)
    {
        if (interval.Conditional is null) return program.ReturnOf(interval.Action);
        var next = program.ReturnOf(interval.Action);
        for (var i = interval.Conditional.Count - 1; i >= 0; i--)
        {
            var rule = interval.Conditional[i];
            var matched = program.ReturnOf(rule.Action);
            for (var j = rule.Arguments.Count - 1; j >= 0; j--) matched = Compare(program, rule.Arguments[j], matched, next, narrow);
            next = matched;
        }
        return next;
    }

    // BPF words have 32 bits, so each comparison is of the high half and then, where that does not decide, of the low half. To a call of a 32-bit
    // table the high half is nothing, but a 64-bit program that makes it may have left something there: only the low halves are compared.
    private static int Compare(BpfProgram program, SeccompArgument argument, int then, int otherwise, bool narrow)
    {
        var low = ArgumentsOffset + 8 * (uint)argument.Index;
        var high = low + 4;
        var (valueHigh, valueLow) = ((uint)(argument.Value >> 32), (uint)argument.Value);
        switch (argument.Comparison)
        {
            case SeccompComparison.Equal:
            case SeccompComparison.NotEqual:
                if (argument.Comparison == SeccompComparison.NotEqual) (then, otherwise) = (otherwise, then);
                program.IfEqual(valueLow, then, otherwise);
                var equalLow = program.LoadAt(low);
                if (narrow) return equalLow;
                program.IfEqual(valueHigh, equalLow, otherwise);
                return program.LoadAt(high);
            case SeccompComparison.MaskedEqual:
                program.IfEqual((uint)argument.ValueTwo, then, otherwise);
                program.AndWith(valueLow);
                var maskedLow = program.LoadAt(low);
                if (narrow) return maskedLow;
                program.IfEqual((uint)(argument.ValueTwo >> 32), maskedLow, otherwise);
                program.AndWith(valueHigh);
                return program.LoadAt(high);
            case SeccompComparison.Greater:
                return Ordered(program, low, valueHigh, valueLow, orEqual: false, then, otherwise, narrow);
            case SeccompComparison.GreaterOrEqual:
                return Ordered(program, low, valueHigh, valueLow, orEqual: true, then, otherwise, narrow);
            case SeccompComparison.Less:
                return Ordered(program, low, valueHigh, valueLow, orEqual: true, otherwise, then, narrow);
            case SeccompComparison.LessOrEqual:
                return Ordered(program, low, valueHigh, valueLow, orEqual: false, otherwise, then, narrow);
            default:
                throw new ArgumentOutOfRangeException(nameof(argument), argument.Comparison, "unknown comparison");
        }
    }

    private static int Ordered(BpfProgram program, uint low, uint valueHigh, uint valueLow, bool orEqual, int then, int otherwise, bool narrow)
    {
        if (orEqual) program.IfGreaterOrEqual(valueLow, then, otherwise);
        else program.IfGreater(valueLow, then, otherwise);
        var compareLow = program.LoadAt(low);
        if (narrow) return compareLow;
        var whenEqual = program.IfEqual(valueHigh, compareLow, otherwise);
        program.IfGreater(valueHigh, then, whenEqual);
        return program.LoadAt(low + 4);
    }

    // AUDIT_ARCH_* of linux/audit.h.
    private static uint AuditNumber(SyscallArchitecture architecture) => architecture switch
    {
        SyscallArchitecture.X64 or SyscallArchitecture.X32 => 0xc000003e,
        SyscallArchitecture.X86 => 0x40000003,
        SyscallArchitecture.Arm64 => 0xc00000b7,
        _ => 0x40000028,
    };
}
