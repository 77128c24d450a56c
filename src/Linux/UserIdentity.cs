using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>Whom this process acts as.</summary>
public static partial class UserIdentity
{
    public static uint UserId => geteuid();
    public static uint GroupId => getegid();

    /// <summary>Whether this process is in a user namespace that somebody made: its root cannot make device nodes.</summary>
    public static bool IsInUserNamespace { get; } = KernelFile.TryRead("/proc/self/uid_map")?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is not (null or ["0", "0", "4294967295"]);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();
}
