using System.Buffers.Binary;
using Yun.Linux.Seccomp;

namespace Yun.Tests.Linux;

/// <summary>A compiled filter decides as its rules say, for every call of every architecture: the tests run the filter as the kernel would.</summary>
public sealed class SeccompCompilerTests
{
    private const uint Errno1 = SeccompAction.Errno | 1, Errno38 = SeccompAction.Errno | 38;
    private static readonly SyscallArchitecture[] s_x64 = [SyscallArchitecture.X64, SyscallArchitecture.X86, SyscallArchitecture.X32];

    private static readonly SeccompPolicy s_policy = new(Errno1, s_x64,
    [
        new("read", SeccompAction.Allow, []), new("write", SeccompAction.Allow, []), new("close", SeccompAction.Allow, []), new("execve", SeccompAction.Allow, []),
        new("clone", SeccompAction.Allow, [new(0, SeccompComparison.MaskedEqual, 0x7e020000, 0)]), new("clone3", Errno38, []),
        new("personality", SeccompAction.Allow, [new(0, SeccompComparison.Equal, 0)]), new("personality", SeccompAction.Allow, [new(0, SeccompComparison.Equal, 0xffffffff)]),
        new("socket", SeccompAction.Allow, [new(0, SeccompComparison.Less, 38)]), new("socket", SeccompAction.Allow, [new(0, SeccompComparison.Greater, 40)]),
        new("bpf", SeccompAction.KillProcess, []), new("lseek", SeccompAction.Allow, [new(1, SeccompComparison.GreaterOrEqual, 0x1_0000_0001), new(2, SeccompComparison.NotEqual, 2)]),
    ]);

    [Fact]
    public void Every_call_of_every_architecture_is_decided_as_the_rules_say()
    {
        var filter = SeccompCompiler.Compile(s_policy);
        ulong[] values = [0, 1, 2, 37, 38, 39, 40, 41, 0x7e020000, 0x20000000, 0xffffffff, 0x1_0000_0000, 0x1_0000_0001, 0x2_0000_0000, ulong.MaxValue];
        foreach (var (architecture, audit, bit) in ((SyscallArchitecture, uint, uint)[])[(SyscallArchitecture.X64, 0xc000003e, 0), (SyscallArchitecture.X86, 0x40000003, 0), (SyscallArchitecture.X32, 0xc000003e, 0x40000000)])
            for (uint number = 0; number < 600; number++)
                foreach (var value in values)
                {
                    ulong[] arguments = [value, value, value, 0, 0, 0];
                    Assert.Equal(Expected(number, architecture, arguments), Run(filter, number | bit, audit, arguments));
                }
    }

    [Fact]
    public void A_call_from_an_architecture_that_is_not_listed_ends_the_process() => Assert.Equal(SeccompAction.KillProcess, Run(SeccompCompiler.Compile(s_policy), 0, 0xc00000b7, new ulong[6]));

    [Fact]
    public void X32_calls_end_the_process_when_x32_is_not_listed() =>
        Assert.Equal(SeccompAction.KillProcess, Run(SeccompCompiler.Compile(s_policy with { Architectures = [SyscallArchitecture.X64] }), 0x40000000, 0xc000003e, new ulong[6]));

    [Fact]
    public void Any_call_is_found_in_few_comparisons()
    {
        var rules = SyscallTable.Names.Order().Where((_, i) => i % 2 == 0).Select(n => new SeccompRule(n, SeccompAction.Allow, [])).ToList();
        var filter = SeccompCompiler.Compile(new SeccompPolicy(Errno1, s_x64, rules));
        for (uint number = 0; number < 470; number++)
        {
            Run(filter, number, 0xc000003e, new ulong[6], out var steps);
            Assert.InRange(steps, 1, 20);
        }
    }

    [Fact]
    public void A_call_that_is_newer_than_the_rules_is_answered_apart()
    {
        var filter = SeccompCompiler.Compile(new SeccompPolicy(Errno1, s_x64, [new("read", SeccompAction.Allow, []), new("openat2", SeccompAction.Allow, [])], Errno38));
        foreach (var audit in (uint[])[0xc000003e, 0x40000003])
        {
            Assert.Equal(Errno1, Run(filter, 436, audit, new ulong[6]));
            Assert.Equal(SeccompAction.Allow, Run(filter, 437, audit, new ulong[6]));
            Assert.Equal(Errno38, Run(filter, 438, audit, new ulong[6]));
        }
        Assert.Equal(Errno1, Run(filter, 438 | 0x40000000, 0xc000003e, new ulong[6]));
    }

    // A call of a 32-bit table has arguments of 32 bits, whatever lies in the registers' other halves.
    private static SeccompArgument Narrow(SeccompArgument a) => a with { Value = (uint)a.Value, ValueTwo = (uint)a.ValueTwo };

    private static uint Expected(uint number, SyscallArchitecture architecture, ulong[] arguments)
    {
        var wide = architecture == SyscallArchitecture.X64;
        var rules = s_policy.Rules.Where(r => SyscallTable.Number(r.Syscall, architecture) == (int)number).ToList();
        foreach (var rule in rules.Where(r => r.Arguments.Count > 0))
            if (rule.Arguments.All(a => wide ? Holds(a, arguments[a.Index]) : Holds(Narrow(a), (uint)arguments[a.Index]))) return rule.Action;
        return rules.FirstOrDefault(r => r.Arguments.Count == 0)?.Action ?? s_policy.DefaultAction;
    }

    private static bool Holds(SeccompArgument argument, ulong value) => argument.Comparison switch
    {
        SeccompComparison.Equal => value == argument.Value,
        SeccompComparison.NotEqual => value != argument.Value,
        SeccompComparison.Less => value < argument.Value,
        SeccompComparison.LessOrEqual => value <= argument.Value,
        SeccompComparison.Greater => value > argument.Value,
        SeccompComparison.GreaterOrEqual => value >= argument.Value,
        _ => (value & argument.Value) == argument.ValueTwo,
    };

    private static uint Run(byte[] filter, uint number, uint architecture, ulong[] arguments) => Run(filter, number, architecture, arguments, out _);

    // The part of classic BPF that the compiler writes; the data is struct seccomp_data.
    private static uint Run(byte[] filter, uint number, uint architecture, ulong[] arguments, out int steps)
    {
        var data = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(data, number);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4), architecture);
        for (var i = 0; i < 6; i++) BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16 + 8 * i), arguments[i]);
        uint accumulator = 0;
        steps = 0;
        for (var at = 0; ; at++)
        {
            steps++;
            var instruction = filter.AsSpan(at * 8);
            var (code, value) = (BinaryPrimitives.ReadUInt16LittleEndian(instruction), BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]));
            bool Jump(bool holds, ReadOnlySpan<byte> i) { at += holds ? i[2] : i[3]; return holds; }
            switch (code)
            {
                case 0x20: accumulator = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)value)); break;
                case 0x54: accumulator &= value; break;
                case 0x05: at += (int)value; break;
                case 0x15: Jump(accumulator == value, instruction); break;
                case 0x25: Jump(accumulator > value, instruction); break;
                case 0x35: Jump(accumulator >= value, instruction); break;
                case 0x06: return value;
                default: throw new InvalidOperationException($"unknown instruction {code:x}");
            }
        }
    }
}
