using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>Whom this process acts as.</summary>
public static partial class UserIdentity
{
    public static uint UserId => geteuid();
    public static uint GroupId => getegid();

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();
}
