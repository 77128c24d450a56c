using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Guest.Init;

/// <summary>The machine's root file system: the image's disk, which is only read, under one for the changes.</summary>
internal static class GuestRoot
{
    /// <summary>Where the image is, and what the container has changed over it.</summary>
    public const string Image = "/image", Upper = $"{Changes}/upper";

    /// <summary>The whole, in a machine that runs no program.</summary>
    public const string AtRest = "/rest";

    private const string Changes = "/changes", Volumes = "/run/yun/volumes";

    private static readonly TimeSpan s_diskMax = TimeSpan.FromSeconds(10);

    /// <summary>Once, before the first <see cref="Mount"/>.</summary>
    /// <param name="shares">The tag of the folders that the machine outside shares; empty for none.</param>
    public static void Attach(string shares)
    {
        Attach("erofs", "root", Image, "ro");
        // What the disk's maker has left unwritten reads as zeros and need not be written: the disk would grow by it on the machine outside.
        Attach("ext4", "changes", Changes, "noinit_itable");
        foreach (var directory in (ReadOnlySpan<string>)[Upper, $"{Changes}/work"])
            if (Files.TryMakeDirectory(directory, 0x1ED)) CopyMode(directory);
        if (shares.Length == 0) return;
        Files.TryMakeDirectory(Volumes, 0x1ED);
        using var volumes = MountTree.New("virtiofs", [new("source", shares)]);
        MountTree.Attach(volumes, Volumes);
    }

    /// <summary>A detached mount of the whole, for one start.</summary>
    public static SafeFileHandle Mount() => Overlay.Mount([Image], Upper, $"{Changes}/work");

    /// <summary>For those who read and write files of a machine that runs no program.</summary>
    public static void Rest()
    {
        Files.TryMakeDirectory(AtRest, 0x1ED);
        using var root = Mount();
        MountTree.Attach(root, AtRest);
    }

    /// <summary>Whoever reads the changes as of one moment (<see cref="FileSystemFreeze"/>) has done so, or has died.</summary>
    public static void Thaw()
    {
        if (PathDescriptor.TryOpen(null, Changes, OpenFlags.ReadOnly | OpenFlags.Directory, out var changes) != Errno.None) return;
        using (changes) FileSystemFreeze.End(changes!);
    }

    /// <summary>When nobody uses it any more. What cannot be unmounted is written all the same.</summary>
    public static void Detach()
    {
        MountTree.Detach(AtRest);
        MountTree.Detach(Changes);
    }

    private static void Attach(string type, string disk, string path, string option)
    {
        Files.TryMakeDirectory(path, 0x1ED);
        using var mount = MountTree.New(type, [new("source", FindDisk(disk)), new(option, null)], option == "ro" ? MountAttributes.ReadOnly : MountAttributes.None);
        MountTree.Attach(mount, path);
    }

    /// <summary>By the serial number that the emulator's command line gives it: in which order the kernel finds them is not ours to say.</summary>
    private static string FindDisk(string serial)
    {
        for (var began = Environment.TickCount64; Environment.TickCount64 - began < s_diskMax.TotalMilliseconds; Thread.Sleep(2))
            foreach (var name in KernelFile.Names("/sys/block"))
                if (KernelFile.TryRead($"/sys/block/{name}/serial")?.Trim() == serial && Files.Exists($"/dev/{name}")) return $"/dev/{name}";
        throw new IOException($"the machine has no disk with the serial number '{serial}'");
    }

    // The directory that processes see as / is the upper one.
    private static void CopyMode(string directory)
    {
        using var image = PathDescriptor.Open(null, Image, OpenFlags.ReadOnly | OpenFlags.Directory);
        Files.ChangeMode(directory, FileAt.Status(image).Mode);
    }
}
