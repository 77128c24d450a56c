using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Node.Containers;

/// <summary>The <c>/dev/shm</c> of another container, for one that shares its IPC namespace.</summary>
internal static class SharedMemory
{
    /// <summary>A detached copy of the mount, owned by the caller; null when <paramref name="pid"/> is 0.</summary>
    public static SafeFileHandle? Join(int pid) => pid == 0 ? null : MountNamespace.CloneFrom(pid, "/dev/shm", recursive: false);
}
