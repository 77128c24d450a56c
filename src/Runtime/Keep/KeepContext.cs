using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Runtime.Keep.Logs;

namespace Yun.Runtime.Keep;

/// <summary>What all that is kept shares: the loop, the threads, and buffers that are free again when a handler returns.</summary>
internal sealed class KeepContext(EventLoop loop)
{
    // A start that hangs costs one; the disk's answers take turns on the others.
    private const int WorkersMax = 16;

    private readonly byte[] _input = new byte[16 << 10];
    private readonly List<SafeFileHandle> _unwanted = [];

    public EventLoop Loop { get; } = loop;
    public Workers Workers { get; } = new(WorkersMax);
    public OutputBuffer Output { get; } = new();
    public RecordBuffer Records { get; } = new();

    /// <summary>Where <see cref="ReceiveInput"/> leaves what it got.</summary>
    public ReadOnlySpan<byte> Input => _input;

    /// <summary>0 at the end, or when the client has reset the connection; -1 when there is nothing now.</summary>
    public int ReceiveInput(UnixSocket client)
    {
        try
        {
            return client.Receive(_input, _unwanted);
        }
        catch (SyscallException)
        {
            return 0;
        }
        finally
        {
            foreach (var descriptor in _unwanted) descriptor.Dispose();
            _unwanted.Clear();
        }
    }
}
