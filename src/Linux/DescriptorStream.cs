using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>
/// A descriptor the process was born with, read and written by plain blocking calls. The framework's file stream writes at positions of its
/// own counting, so that two programs that share a redirected output would overwrite each other, and its console swallows a broken pipe.
/// </summary>
public sealed unsafe partial class DescriptorStream(int descriptor) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            while (true)
            {
                var count = Native.read(descriptor, pointer, (nuint)buffer.Length);
                if (count >= 0) return (int)count;
                // A terminal that was hung up answers EIO: nothing more will come.
                if ((Errno)Marshal.GetLastPInvokeError() == Errno.EIO) return 0;
                WaitOrThrow("read", PollIn);
            }
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* pointer = buffer)
        {
            for (var written = 0; written < buffer.Length;)
            {
                var count = Native.write(descriptor, pointer + written, (nuint)(buffer.Length - written));
                if (count >= 0) written += (int)count;
                else WaitOrThrow("write", PollOut);
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    // Whoever shares the terminal may have made it non-blocking.
    private void WaitOrThrow(string call, short events)
    {
        var errno = (Errno)Marshal.GetLastPInvokeError();
        if (errno == Errno.EINTR) return;
        if (errno != Errno.EAGAIN) throw new IOException($"{call}: {errno}", new SyscallException(call, errno));
        var ready = new PollDescriptor { Descriptor = descriptor, Events = events };
        _ = poll(&ready, 1, -1);
    }

    private const short PollIn = 1;
    private const short PollOut = 4;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events, Returned;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);
}
