using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>Moving the calling thread between namespaces (setns(2), unshare(2)).</summary>
public static class Namespaces
{
    /// <param name="target">A namespace's descriptor, or a pidfd with the kinds to join.</param>
    public static void Join(SafeHandle target, CloneFlags kinds) =>
        Native.Check(Native.syscall(SyscallNumber.Of(Syscall.setns), target.DangerousGetHandle(), (long)kinds), "setns");

    public static void Unshare(CloneFlags kinds) => Native.Check(Native.syscall(SyscallNumber.Of(Syscall.unshare), (long)kinds), "unshare");
}
