using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>A descriptor by which any thread wakes the one that polls it (eventfd(2)).</summary>
public sealed class WakeUp : IDisposable
{
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000;

    public SafeFileHandle Handle { get; } = new(Native.Check(Native.eventfd(0, NonBlocking | CloseOnExec), "eventfd"), true);

    /// <summary>The descriptor becomes readable, and stays so until <see cref="Clear"/>.</summary>
    public void Set() => Descriptors.Write(Handle, [1, 0, 0, 0, 0, 0, 0, 0], out _);

    public void Clear() => Descriptors.Read(Handle, stackalloc byte[8], out _);

    public void Dispose() => Handle.Dispose();
}
