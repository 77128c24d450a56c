using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

/// <summary>Opening by path with the resolution rules of openat2(2), for paths that somebody else may have made.</summary>
public static unsafe class PathDescriptor
{
    /// <summary>The descriptor number that means the current directory.</summary>
    public const int CurrentDirectory = -100;

    /// <summary>Opens <paramref name="path"/> from <paramref name="directory"/> (or the current directory); the new descriptor is closed on exec and owned by the caller.</summary>
    public static SafeFileHandle Open(SafeHandle? directory, string path, int flags, Resolve resolve = Resolve.None, uint mode = 0) =>
        TryOpen(directory, path, flags, out var handle, resolve, mode) is var errno && errno == Errno.None ? handle! : throw new SyscallException("openat2", errno, path);

    /// <summary>As <see cref="Open"/>, giving the error number back instead of throwing.</summary>
    public static Errno TryOpen(SafeHandle? directory, string path, int flags, out SafeFileHandle? handle, Resolve resolve = Resolve.None, uint mode = 0)
    {
        var how = new OpenHow { Flags = (ulong)(flags | OpenFlags.CloseOnExec), Mode = mode, Resolve = (ulong)resolve };
        var bytes = new byte[FileName.BytesMax(path)];
        FileName.Encode(path, bytes);
        var added = false;
        long result;
        try
        {
            directory?.DangerousAddRef(ref added);
            var from = directory is null ? CurrentDirectory : (int)directory.DangerousGetHandle();
            fixed (byte* name = bytes)
            {
                // EAGAIN: a rename elsewhere made the kernel doubt a resolution within the root; openat2(2) says to try again.
                var tries = 0;
                do result = Native.syscall((long)Syscall.openat2, from, (long)name, (long)&how, sizeof(OpenHow));
                while (result < 0 && (Errno)Marshal.GetLastPInvokeError() is Errno.EINTR or Errno.EAGAIN && ++tries < 100);
            }
        }
        finally
        {
            if (added) directory!.DangerousRelease();
        }
        handle = result >= 0 ? new SafeFileHandle((nint)result, ownsHandle: true) : null;
        return result >= 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenHow
    {
        public ulong Flags, Mode, Resolve;
    }
}
