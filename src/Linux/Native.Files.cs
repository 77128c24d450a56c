using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux;

internal static unsafe partial class Native
{
    [LibraryImport(Libc, SetLastError = true, EntryPoint = "openat")]
    internal static partial int openat_bytes(SafeHandle directory, byte* path, int flags, uint mode);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int mkdirat(SafeHandle directory, byte* path, uint mode);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int mknodat(SafeHandle directory, byte* path, uint mode, ulong device);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int symlinkat(byte* target, SafeHandle directory, byte* path);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int linkat(SafeHandle from, byte* path, SafeHandle to, byte* newPath, int flags);

    [LibraryImport(Libc, SetLastError = true, EntryPoint = "unlinkat")]
    internal static partial int unlinkat_bytes(SafeHandle directory, byte* path, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int renameat2(SafeHandle from, byte* path, SafeHandle to, byte* newPath, uint flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint readlinkat(SafeHandle directory, byte* path, byte* buffer, nuint size);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int statx(SafeHandle directory, byte* path, int flags, uint mask, FileStatus* status);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fchownat(SafeHandle directory, byte* path, uint user, uint group, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int faccessat(SafeHandle directory, byte* path, int mode, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fchmodat(SafeHandle directory, byte* path, uint mode, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int utimensat(SafeHandle directory, byte* path, Timespec* times, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int futimens(SafeHandle file, Timespec* times);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fchown(SafeHandle file, uint user, uint group);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fchmod(SafeHandle file, uint mode);

    [LibraryImport(Libc, SetLastError = true, EntryPoint = "read")]
    internal static partial nint read_handle(SafeHandle file, byte* buffer, nuint count);

    [LibraryImport(Libc, SetLastError = true, EntryPoint = "write")]
    internal static partial nint write_handle(SafeHandle file, byte* buffer, nuint count);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial long lseek(SafeHandle file, long offset, int whence);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int syncfs(SafeHandle file);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int sync_file_range(SafeHandle file, long offset, long count, uint flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint getdents64(SafeHandle directory, byte* buffer, nuint count);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fsetxattr(SafeHandle file, byte* name, byte* value, nuint size, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint llistxattr(byte* path, byte* list, nuint size);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int lremovexattr(byte* path, byte* name);

    [StructLayout(LayoutKind.Sequential)]
    internal struct Timespec
    {
        public long Seconds, Nanoseconds;
    }
}
