using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>Raw imports keep their C names and live here and in the Native.*.cs files beside it; public methods elsewhere check and own.</summary>
internal static unsafe partial class Native
{
    private const string Libc = "libc";

    /// <summary>Throws when a call answered -1, naming the call and what it was on.</summary>
    internal static int Check(int result, string call, string? target = null) =>
        result >= 0 ? result : throw new SyscallException(call, (Errno)Marshal.GetLastPInvokeError(), target);

    internal static long Check(long result, string call, string? target = null) =>
        result >= 0 ? result : throw new SyscallException(call, (Errno)Marshal.GetLastPInvokeError(), target);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial long syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int openat(int directory, string path, int flags, uint mode);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int pipe2(int* descriptors, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int close(int descriptor);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint read(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint write(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int mprotect(nint address, nuint length, int protection);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkdir(string path, uint mode);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkfifo(string path, uint mode);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rmdir(string path);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unlinkat(int directory, string path, int flags);
}
