using System.Runtime.InteropServices;

namespace Yun.Linux;

internal static unsafe partial class Native
{
    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int epoll_ctl(SafeHandle epoll, int operation, SafeHandle descriptor, void* change);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int epoll_wait(SafeHandle epoll, void* events, int count, int milliseconds);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int eventfd(uint value, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int signalfd(int descriptor, ulong* mask, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fcntl(SafeHandle descriptor, int command, nint argument);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int ioctl(SafeHandle descriptor, nuint request, void* argument);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int dup2(SafeHandle from, int to);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int ftruncate(SafeHandle file, long length);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fsync(SafeHandle file);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int flock(SafeHandle file, int operation);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int symlink(string target, string path);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rename(string from, string to);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chmod(string path, uint mode);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int faccessat(int directory, string path, int mode, int flags);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chdir(string path);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int memfd_create(string name, uint flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int close_range(uint first, uint last, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int setsid();

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int fexecve(SafeHandle program, byte** arguments, byte** environment);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial int clock_gettime(int clock, long* time);

    [LibraryImport(Libc, SetLastError = true)]
    internal static partial nint signal(int number, nint action);
}
