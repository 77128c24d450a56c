using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Volumes;

/// <summary>The file system in a file that a volume with a size is: it cannot grow beyond it, whatever file system the data root is on.</summary>
internal static class VolumeImage
{
    private const string FileSystem = "ext4";
    // Less and there is no room left for anything beside ext4's own.
    private const long BytesMin = 1 << 20;

    /// <exception cref="EngineException">It is too small, or the machine has no mkfs.ext4.</exception>
    internal static void Make(string path, long bytes)
    {
        if (bytes < BytesMin) throw new EngineException(ErrorKind.InvalidArgument, $"A volume of {bytes} bytes has no room for a file system: it must have {BytesMin} at least.");
        using (var file = File.Create(path)) file.SetLength(bytes);
        // A new file reads as zeros: writing them over the journal would take 128 MB of the disk.
        HostProgram.Run(new ProcessStartInfo("/sbin/mkfs.ext4", ["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1", path]), "The volume's file system cannot be made",
            "A volume with a size needs mkfs.ext4, which this machine does not have: install e2fsprogs.");
    }

    /// <summary>A detached mount of it, owned by the caller.</summary>
    internal static SafeFileHandle Mount(string path)
    {
        // Nor need the kernel write them, in its own time, to all that is not used.
        var mount = MountFile(path, FileSystem, [new("noinit_itable", null)], MountAttributes.None);
        // Programs that want an empty directory, as databases do, shall have one.
        FileAt.TryRemove(mount, "lost+found", isDirectory: true);
        return mount;
    }

    internal static bool IsFile(string path)
    {
        if (PathDescriptor.TryOpen(null, path, OpenFlags.Path, out var found) != Errno.None) return false;
        using (found) return FileAt.Status(found!).Kind == FileKind.Regular;
    }

    /// <summary>A file system of that kind in a file, by a loop device that goes when it is unmounted.</summary>
    internal static SafeFileHandle MountFile(string path, string type, IEnumerable<KeyValuePair<string, string?>> options, MountAttributes attributes)
    {
        var (device, held) = LoopDevice.Attach(path, attributes.HasFlag(MountAttributes.ReadOnly));
        using (held) return MountTree.New(type, [new("source", device), .. options], attributes);
    }
}
