using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Cgroups;

/// <param name="type">'c', 'b', or 'a' for both.</param>
/// <param name="major">Null for any.</param>
/// <param name="access">What of 'r', 'w' and 'm' (mknod) it is about.</param>
public sealed class DeviceRule(bool allow, char type, uint? major, uint? minor, string access)
{
    public bool Allow { get; } = allow;
    public char Type { get; } = type;
    public uint? Major { get; } = major;
    public uint? Minor { get; } = minor;
    public string Access { get; } = access;
}

/// <summary>
/// Devices of a v2 cgroup: an eBPF program that the kernel asks at every open and mknod of one (kernel doc cgroup-v2, "Device controller"). The
/// last rule that matches decides; without one the answer is no.
/// </summary>
public static unsafe class DeviceFilter
{
    private const int LoadProgram = 5, Attach = 8, Detach = 9, FromId = 13, Query = 16;
    private const uint CgroupDeviceProgram = 15, CgroupDeviceHook = 6, AllowSeveral = 2;
    private const int ProgramsMax = 64;
    // Registers: 1 is the context, then type, access, major, minor.
    private const byte Result = 0, Context = 1, Type = 2, Access = 3, Major = 4, Minor = 5, Scratch = 6;

    /// <summary>Puts the rules in place of any that the cgroup has. The program lives as long as the cgroup.</summary>
    public static void Set(string cgroupDirectory, IReadOnlyList<DeviceRule> rules)
    {
        using var cgroup = PathDescriptor.Open(null, cgroupDirectory, OpenFlags.ReadOnly | OpenFlags.Directory);
        var before = Attached(cgroup);
        using var program = Load(Compile(rules));
        AttachOrDetach(Attach, cgroup, program, AllowSeveral);
        foreach (var id in before)
        {
            using var old = ById(id);
            AttachOrDetach(Detach, cgroup, old, 0);
        }
    }

    /// <summary>The program's instructions, 8 bytes each (linux/bpf.h, struct bpf_insn).</summary>
    public static byte[] Compile(IReadOnlyList<DeviceRule> rules)
    {
        var code = new List<ulong>
        {
            Load(Type, 0), Load(Access, 0), Load(Major, 4), Load(Minor, 8),
            Instruction(0x54, Type, 0, 0, 0xffff), // and: the low half is the kind of device
            Instruction(0x74, Access, 0, 0, 16), // shift right: the high half is what is wanted
        };
        var last = rules.Count - 1;
        // The kernel refuses a program with a part that is never reached: nothing comes after a rule for everything.
        while (last >= 0 && Append(code, rules[last])) last--;
        if (last < 0) Answer(code, allow: false);
        var bytes = new byte[code.Count * 8];
        for (var i = 0; i < code.Count; i++) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * 8), code[i]);
        return bytes;
    }

    // False when the rule matches everything.
    private static bool Append(List<ulong> code, DeviceRule rule)
    {
        const uint block = 1, character = 2, all = 7;
        var tests = new List<ulong>();
        var access = (rule.Access.Contains('m', StringComparison.Ordinal) ? 1u : 0) | (rule.Access.Contains('r', StringComparison.Ordinal) ? 2u : 0) | (rule.Access.Contains('w', StringComparison.Ordinal) ? 4u : 0);
        // Each test jumps past the rule; how far is known once all are there.
        if (rule.Type != 'a') tests.Add(Instruction(0x55, Type, 0, 0, rule.Type == 'b' ? block : character));
        if (access != all)
        {
            tests.Add(Instruction(0xbc, Scratch, Access, 0, 0)); // copy
            tests.Add(Instruction(0x54, Scratch, 0, 0, access)); // and
            // Allowed is what is wholly among the rule's; forbidden what has anything of it.
            tests.Add(rule.Allow ? Instruction(0x5d, Scratch, Access, 0, 0) : Instruction(0x15, Scratch, 0, 0, 0));
        }
        if (rule.Major is { } major) tests.Add(Instruction(0x55, Major, 0, 0, major));
        if (rule.Minor is { } minor) tests.Add(Instruction(0x55, Minor, 0, 0, minor));
        for (var i = 0; i < tests.Count; i++)
            code.Add((tests[i] & 7) == 5 ? tests[i] | (ulong)(ushort)(tests.Count - 1 - i + 2) << 16 : tests[i]);
        Answer(code, rule.Allow);
        return tests.Count > 0;
    }

    private static void Answer(List<ulong> code, bool allow)
    {
        code.Add(Instruction(0xb7, Result, 0, 0, allow ? 1u : 0));
        code.Add(Instruction(0x95, 0, 0, 0, 0)); // exit
    }

    private static ulong Load(byte register, ushort offset) => Instruction(0x61, register, Context, offset, 0);

    private static ulong Instruction(byte code, byte destination, byte source, ushort offset, uint value) =>
        code | (ulong)destination << 8 | (ulong)source << 12 | (ulong)offset << 16 | (ulong)value << 32;

    private static SafeFileHandle Load(byte[] code)
    {
        var attributes = stackalloc ulong[16];
        new Span<ulong>(attributes, 16).Clear();
        fixed (byte* instructions = code)
        fixed (byte* license = "Apache-2.0\0"u8)
        {
            ((uint*)attributes)[0] = CgroupDeviceProgram;
            ((uint*)attributes)[1] = (uint)code.Length / 8;
            attributes[1] = (ulong)instructions;
            attributes[2] = (ulong)license;
            return new SafeFileHandle((nint)Call(LoadProgram, attributes, "load a device filter"), ownsHandle: true);
        }
    }

    private static void AttachOrDetach(int command, SafeFileHandle cgroup, SafeFileHandle program, uint flags)
    {
        var attributes = stackalloc ulong[16];
        new Span<ulong>(attributes, 16).Clear();
        ((uint*)attributes)[0] = (uint)cgroup.DangerousGetHandle();
        ((uint*)attributes)[1] = (uint)program.DangerousGetHandle();
        ((uint*)attributes)[2] = CgroupDeviceHook;
        ((uint*)attributes)[3] = flags;
        Call(command, attributes, "attach a device filter");
    }

    private static uint[] Attached(SafeFileHandle cgroup)
    {
        var attributes = stackalloc ulong[16];
        new Span<ulong>(attributes, 16).Clear();
        var ids = stackalloc uint[ProgramsMax];
        ((uint*)attributes)[0] = (uint)cgroup.DangerousGetHandle();
        ((uint*)attributes)[1] = CgroupDeviceHook;
        attributes[2] = (ulong)ids;
        ((uint*)attributes)[6] = ProgramsMax;
        Call(Query, attributes, "look for device filters");
        return new Span<uint>(ids, (int)((uint*)attributes)[6]).ToArray();
    }

    private static SafeFileHandle ById(uint id)
    {
        var attributes = stackalloc ulong[16];
        new Span<ulong>(attributes, 16).Clear();
        ((uint*)attributes)[0] = id;
        return new SafeFileHandle((nint)Call(FromId, attributes, "open a device filter"), ownsHandle: true);
    }

    private static long Call(int command, ulong* attributes, string purpose) =>
        Native.Check(Native.syscall(SyscallNumber.Of(Syscall.bpf), command, (long)attributes, 16 * sizeof(ulong)), "bpf", purpose);
}
