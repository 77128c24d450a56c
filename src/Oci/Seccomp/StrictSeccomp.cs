namespace Yun.Oci.Seccomp;

/// <summary>
/// The seccomp profile of <c>strict</c>: what is not known not to be needed "does not exist", so that programs fall back; what is known to be dangerous
/// is not permitted; what only an attack calls ends the process. A call that the kernel guards by a capability comes back with that capability.
/// </summary>
public static partial class StrictSeccomp
{
    private const string Allow = "SCMP_ACT_ALLOW", Fail = "SCMP_ACT_ERRNO", Kill = "SCMP_ACT_KILL_PROCESS", Masked = "SCMP_CMP_MASKED_EQ";
    private const uint NotPermitted = 1, NoSuchCall = 38, NoSuchFamily = 97;
    private const ulong NewNamespaces = 0x7e020000, LowHalf = 0xffffffff;
    private const ulong Unix = 1, Inet = 2, Inet6 = 10, Netlink = 16, Packet = 17;
    private const ulong FileType = 0xf000, Fifo = 0x1000, Regular = 0x8000, UnixSocket = 0xc000;
    private const ulong PushInput = 0x5412, ConsoleSelection = 0x541c;
    private const ulong TraceAttach = 16, TraceSeize = 0x4206;

    /// <param name="capabilities">The container's bounding set, by name.</param>
    /// <param name="arm">For an arm64 machine rather than an x86-64 one.</param>
    public static SpecSeccomp For(IReadOnlyCollection<string> capabilities, bool arm)
    {
        var calls = new List<SpecSyscall> { Rule(Allow, s_always) };
        calls.Add(arm ? Rule(Allow, ["arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2", "breakpoint", "cacheflush", "set_tls"]) : Rule(Allow, ["arch_prctl"]));
        Sockets(calls, capabilities.Contains("CAP_NET_RAW"));
        // Input that is pushed into a terminal is taken by whoever reads it next, outside the container too.
        foreach (var request in (ulong[])[PushInput, ConsoleSelection]) calls.Add(Rule(Fail, ["ioctl"], NotPermitted, new SpecSyscallArgument { Index = 1, Value = LowHalf, ValueTwo = request, Op = Masked }));
        calls.Add(Rule(Allow, ["ioctl"]));
        foreach (var personality in (ulong[])[0, 8, LowHalf]) calls.Add(Rule(Allow, ["personality"], null, Low(0, personality)));
        // 32-bit System V calls are one call with a number: semaphores and shared memory.
        foreach (var number in (ulong[])[1, 2, 3, 4, 21, 22, 23, 24]) calls.Add(Rule(Allow, ["ipc"], null, new SpecSyscallArgument { Index = 0, Value = 0xffff, ValueTwo = number, Op = Masked }));
        var guarded = new HashSet<string>();
        foreach (var (capability, names) in GuardedCalls.ByCapability)
            if (capabilities.Contains(capability)) guarded.UnionWith(names);
        if (guarded.Count > 0) calls.Add(Rule(Allow, [.. guarded]));
        if (capabilities.Contains("CAP_MKNOD")) calls.Add(Rule(Allow, ["mknod", "mknodat"]));
        else NoDevices(calls);
        if (!guarded.Contains("ptrace")) OwnChildrenOnly(calls);
        if (!guarded.Contains("clone")) calls.Add(Rule(Allow, ["clone"], null, new SpecSyscallArgument { Index = 0, Value = NewNamespaces, Op = Masked }));
        calls.Add(Rule(Fail, [.. Without(s_refused, guarded), "clone"], NotPermitted));
        calls.Add(Rule(Kill, [.. Without(s_deadly, guarded)]));
        return new SpecSeccomp
        {
            DefaultAction = Fail, DefaultErrnoRet = NoSuchCall, Syscalls = calls,
            // Not x32, which nobody uses: its calls end the process, as those of other machines do.
            Architectures = arm ? ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"] : ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        };
    }

    private static void Sockets(List<SpecSyscall> calls, bool hasPackets)
    {
        foreach (var family in (ulong[])[Unix, Inet, Inet6]) calls.Add(Rule(Allow, ["socket"], null, Low(0, family)));
        // Of netlink's protocols the one that libc lists interfaces by.
        calls.Add(Rule(Allow, ["socket"], null, Low(0, Netlink), Low(2, 0)));
        if (hasPackets) calls.Add(Rule(Allow, ["socket"], null, Low(0, Packet)));
        calls.Add(Rule(Allow, ["socketpair"], null, Low(0, Unix)));
        // A filter cannot see into socketcall, the 32-bit one.
        calls.Add(Rule(Fail, ["socket", "socketpair", "socketcall"], NoSuchFamily));
    }

    private static void NoDevices(List<SpecSyscall> calls)
    {
        foreach (var kind in (ulong[])[0, Fifo, Regular, UnixSocket])
        {
            calls.Add(Rule(Allow, ["mknod"], null, new SpecSyscallArgument { Index = 1, Value = FileType, ValueTwo = kind, Op = Masked }));
            calls.Add(Rule(Allow, ["mknodat"], null, new SpecSyscallArgument { Index = 2, Value = FileType, ValueTwo = kind, Op = Masked }));
        }
        calls.Add(Rule(Fail, ["mknod", "mknodat"], NotPermitted));
    }

    // A debugger may trace what it starts; getting hold of others is what only an attack does here.
    private static void OwnChildrenOnly(List<SpecSyscall> calls)
    {
        foreach (var request in (ulong[])[TraceAttach, TraceSeize]) calls.Add(Rule(Kill, ["ptrace"], null, Low(0, request)));
        calls.Add(Rule(Allow, ["ptrace"]));
    }

    private static string[] Without(string[] names, HashSet<string> others) => Array.FindAll(names, name => !others.Contains(name));

    // The kernel looks at the low half of an int.
    private static SpecSyscallArgument Low(uint index, ulong value) => new() { Index = index, Value = LowHalf, ValueTwo = value, Op = Masked };

    private static SpecSyscall Rule(string action, string[] names, uint? errno = null, params SpecSyscallArgument[] arguments) =>
        new() { Names = [.. names], Action = action, ErrnoRet = errno, Args = arguments.Length > 0 ? [.. arguments] : null };
}
