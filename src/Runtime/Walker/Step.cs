using System.Runtime.InteropServices;

namespace Yun.Runtime.Walker;

/// <summary>One system call as the walker reads it. The layout is the listing's: 96 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Step
{
    public long Number;
    public fixed long Arguments[6];
    /// <summary>Bit i: argument i is the address of the value, not the value.</summary>
    public uint Indirect;
    public ushort SkipOnSuccess;
    public ushort SkipWhenTolerated;
    public long* Result;
    /// <summary>Error numbers after which the program goes on; unused places hold <see cref="NoErrno"/>.</summary>
    public fixed ushort Tolerated[4];
    /// <summary>A result below this is a failure; 0, except for calls that must not answer 0.</summary>
    public long Least;
    private long _unused;

    /// <summary>No call answers this: it is neither an error number nor the low half of a small negative number.</summary>
    public const ushort NoErrno = 0x7fff;
}

/// <summary>Where the walker leaves what failed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Report
{
    public long Index;
    /// <summary>Minus the error number, or a result that was too small. 0 when nothing failed.</summary>
    public long Result;
    /// <summary>Where index and result are written to when the child has its own memory; negative when it shares ours.</summary>
    public long Descriptor;

    public const int Size = 16;
}

/// <summary>struct clone_args of clone3(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CloneArguments
{
    public ulong Flags, PidFd, ChildTid, ParentTid, ExitSignal, Stack, StackSize, Tls, SetTid, SetTidSize, Cgroup;
}
