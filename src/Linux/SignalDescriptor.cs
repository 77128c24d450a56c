using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Signals as something to poll (signalfd(2)). They must be blocked in every thread, which is so when they were blocked before execve.</summary>
public sealed unsafe class SignalDescriptor : IDisposable
{
    public const int HangUp = 1, Interrupt = 2, Terminate = 15, ChildEnded = 17;

    private const int InformationBytes = 128;

    public SignalDescriptor(params ReadOnlySpan<int> signals)
    {
        var mask = MaskOf(signals);
        Handle = new(Native.Check(Native.signalfd(-1, &mask, OpenFlags.NonBlocking | OpenFlags.CloseOnExec), "signalfd"), true);
    }

    public SafeFileHandle Handle { get; }

    /// <summary>As <see cref="Signals.SetMask"/> takes it.</summary>
    public static ulong MaskOf(ReadOnlySpan<int> signals)
    {
        ulong mask = 0;
        foreach (var signal in signals) mask |= 1UL << (signal - 1);
        return mask;
    }

    /// <summary>The next signal that came, or 0.</summary>
    public int Read()
    {
        Span<byte> information = stackalloc byte[InformationBytes];
        return Descriptors.Read(Handle, information, out _) == InformationBytes ? BinaryPrimitives.ReadInt32LittleEndian(information) : 0;
    }

    public void Dispose() => Handle.Dispose();
}
