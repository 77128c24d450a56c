using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Node.Containers;

/// <summary>The <c>/dev/shm</c> of another container, for one that shares its IPC namespace.</summary>
internal static class SharedMemory
{
    private const string Place = "/dev/shm";

    /// <summary>A detached copy of the mount, owned by the caller; null when <paramref name="pid"/> is 0.</summary>
    public static SafeFileHandle? Join(int pid)
    {
        if (pid == 0) return null;
        SafeFileHandle? mount = null;
        Exception? failure = null;
        // A mount can only be copied from inside its mount namespace, and a thread that has been there must not serve others afterwards: it ends here.
        var thread = new Thread(() =>
        {
            try
            {
                using var process = ProcessDescriptor.Open(pid);
                Namespaces.Unshare(CloneFlags.FileSystem);
                Namespaces.Join(process, CloneFlags.NewMount);
                mount = MountTree.Clone(Place, recursive: false);
            }
            catch (Exception error) { failure = error; }
        });
        thread.Start();
        thread.Join();
        return failure is null ? mount : throw failure;
    }
}
