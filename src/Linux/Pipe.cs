using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>A pipe, both ends closed on exec.</summary>
public sealed unsafe class Pipe : IDisposable
{
    public Pipe()
    {
        var pair = stackalloc int[2];
        Native.Check(Native.pipe2(pair, OpenFlags.CloseOnExec), "pipe2");
        (Read, Write) = (new SafeFileHandle(pair[0], true), new SafeFileHandle(pair[1], true));
    }

    public SafeFileHandle Read { get; }
    public SafeFileHandle Write { get; }

    /// <summary>Reads what is there, waiting for the first byte; 0 at the end.</summary>
    public static int ReadSome(SafeHandle from, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint count;
            do count = Native.read((int)from.DangerousGetHandle(), bytes, (nuint)buffer.Length);
            while (count < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR);
            return (int)Native.Check((long)count, "read");
        }
    }

    /// <summary>Writes everything, waiting where it must.</summary>
    public static void WriteAll(SafeHandle to, ReadOnlySpan<byte> buffer)
    {
        fixed (byte* bytes = buffer)
            for (var done = 0; done < buffer.Length;)
            {
                var count = Native.write((int)to.DangerousGetHandle(), bytes + done, (nuint)(buffer.Length - done));
                if (count < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR) continue;
                done += (int)Native.Check((long)count, "write");
            }
    }

    public void Dispose()
    {
        Read.Dispose();
        Write.Dispose();
    }
}
