using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Machines.Disks;

/// <summary>A file that holds a disk, found out before QEMU sees it.</summary>
/// <param name="SizeBytes">What a guest would see.</param>
public sealed record DiskFile(string Format, long SizeBytes)
{
    private const int SectorBytes = 512;

    private static readonly (byte[] Magic, string What)[] s_others =
    [
        ([0x1F, 0x8B], "packed by gzip: unpack it first"), ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "packed by xz: unpack it first"), ([0x28, 0xB5, 0x2F, 0xFD], "packed by zstd: unpack it first"),
        ([(byte)'P', (byte)'K', 3, 4], "a zip archive: unpack it first"), ("KDMV"u8.ToArray(), "a VMDK disk: convert it with 'qemu-img convert -O qcow2' first"),
        ("# Disk DescriptorFile"u8.ToArray(), "a VMDK description that names other files: convert it with 'qemu-img convert -O qcow2' first"),
        ("vhdxfile"u8.ToArray(), "a VHDX disk: convert it with 'qemu-img convert -O qcow2' first"), ("<<< "u8.ToArray(), "a VDI disk: convert it with 'qemu-img convert -O qcow2' first"),
        ("conectix"u8.ToArray(), "a VHD disk: convert it with 'qemu-img convert -O qcow2' first"),
    ];

    /// <param name="format">Null finds it out. Known, it is what the file must be: what a guest has written into a raw disk does not make it another.</param>
    /// <exception cref="EngineException">InvalidArgument: there is no disk in it.</exception>
    public static DiskFile Read(SafeFileHandle file, string name, string? format = null)
    {
        Span<byte> beginning = stackalloc byte[32];
        var length = RandomAccess.Read(file, beginning, 0);
        if (format == DiskFormat.Qcow2 || (format is null && Qcow2.IsOne(beginning[..length]))) return new DiskFile(DiskFormat.Qcow2, Qcow2.ReadSize(file, name));
        foreach (var (magic, what) in s_others)
            if (format is null && beginning[..length].StartsWith(magic)) throw Wrong(name, $"it is {what}");
        var size = RandomAccess.GetLength(file);
        if (size == 0) throw Wrong(name, "it is empty");
        return size % SectorBytes == 0 ? new DiskFile(DiskFormat.Raw, size) : throw Wrong(name, $"it is no disk: its {size} bytes are not whole sectors of {SectorBytes}");
    }

    /// <summary>Opens a file of the host; a path that ends in a link to something else than a file is refused as anything else is.</summary>
    /// <exception cref="EngineException">There is no such file, or it is none.</exception>
    public static SafeFileHandle Open(string path, bool readOnly)
    {
        if (!Path.IsPathRooted(path)) throw Wrong(path, "it is not an absolute path of the daemon's machine");
        // Not waiting: it may be a pipe that nobody writes to.
        var errno = PathDescriptor.TryOpen(null, path, (readOnly ? OpenFlags.ReadOnly : OpenFlags.ReadWrite) | OpenFlags.NonBlocking, out var file);
        if (errno == Errno.ENOENT) throw new EngineException(ErrorKind.NotFound, $"The disk {path} does not exist.");
        if (errno is Errno.EISDIR or Errno.ENXIO) throw Wrong(path, "it is not a regular file");
        if (errno != Errno.None) throw Wrong(path, errno.Describe());
        if (FileAt.Status(file!).Kind == FileKind.Regular) return file!;
        file!.Dispose();
        throw Wrong(path, "it is not a regular file");
    }

    private static EngineException Wrong(string name, string why) => new(ErrorKind.InvalidArgument, $"The disk {name} cannot be used: {why}.");
}
