using System.Runtime.InteropServices;
using Yun.Linux;

namespace Yun.Tests.Runtime.Escapes;

/// <summary>
/// What a runtime without the defence does: it sees that the mount point is a directory, and then goes there by its path. On a thread with a mount
/// namespace of its own, since it does reach what it must not: that shows that the race can be seen.
/// </summary>
internal static partial class NaiveMounts
{
    private const int NewMounts = 0x20000;
    private const ulong RecursivePrivate = 0x4000 | 0x40000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string? source, string target, string? type, ulong flags, string? data);

    /// <summary>Mounts at <c>place/d</c> again and again until something of that is below the other folder, or the time is over.</summary>
    public static bool Reach(string kind, string place, string other, TimeSpan longest)
    {
        var reached = false;
        var thread = new Thread(() =>
        {
            if (unshare(NewMounts) != 0 || mount(null, "/", null, RecursivePrivate, null) != 0) return;
            for (var until = DateTime.UtcNow + longest; !reached && DateTime.UtcNow < until;)
                try
                {
                    if (new DirectoryInfo(place).LinkTarget is not null) continue;
                    Directory.CreateDirectory(Path.Combine(place, "d"));
                    if (kind == "file") File.WriteAllText(Path.Combine(place, "d", "f"), "");
                    else
                    {
                        using var made = kind == "tmpfs" ? MountTree.New("tmpfs", []) : MountTree.Clone("/etc/apt", recursive: true);
                        MountTree.Attach(made, Path.Combine(place, "d"));
                    }
                    reached = kind == "file" ? File.Exists(Path.Combine(other, "d", "f")) : File.ReadAllText("/proc/thread-self/mountinfo").Contains($" {other}/d ", StringComparison.Ordinal);
                }
                catch (Exception error) when (error is IOException or SyscallException) { } // It was exchanged in a moment that this sequence does not survive.
        });
        thread.Start();
        thread.Join();
        return reached;
    }
}
