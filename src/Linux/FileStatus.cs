using System.Runtime.InteropServices;

namespace Yun.Linux;

/// <summary>What an inode is (the S_IFMT bits of its mode).</summary>
public enum FileKind : uint
{
    Fifo = 0x1000, CharacterDevice = 0x2000, Directory = 0x4000, BlockDevice = 0x6000, Regular = 0x8000, SymbolicLink = 0xA000, Socket = 0xC000,
}

/// <summary>struct statx (linux/stat.h), the same on every architecture.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
public struct FileStatus
{
    private readonly uint _mask;
    private readonly uint _blockSize;
    private readonly ulong _attributes;
    public readonly uint LinkCount;
    public readonly uint UserId;
    public readonly uint GroupId;
    private readonly ushort _mode;
    private readonly ushort _spare;
    public readonly ulong Inode;
    private readonly ulong _size;
    /// <summary>In units of 512 bytes: less than the size says when there are holes.</summary>
    public readonly ulong Blocks;
    private readonly ulong _attributesMask;
    public readonly FileTime Accessed;
    public readonly FileTime Born;
    public readonly FileTime Changed;
    public readonly FileTime Modified;
    public readonly uint DeviceMajor;
    public readonly uint DeviceMinor;
    private readonly uint _onMajor;
    private readonly uint _onMinor;
    public readonly ulong MountId;

    public readonly FileKind Kind => (FileKind)(_mode & 0xF000u);
    /// <summary>Permissions with the set-id and sticky bits: the low 12 bits.</summary>
    public readonly uint Mode => _mode & 0xFFFu;
    public readonly long Size => (long)_size;
    /// <summary>The file system it is on.</summary>
    public readonly ulong FileSystem => ((ulong)_onMajor << 32) | _onMinor;
    /// <summary>A character device 0:0, by which overlayfs hides a name of the layers below.</summary>
    public readonly bool IsWhiteout => Kind == FileKind.CharacterDevice && DeviceMajor == 0 && DeviceMinor == 0;
}

/// <summary>struct statx_timestamp: seconds since 1970, which may be negative, and nanoseconds, which may not.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct FileTime(long Seconds, uint Nanoseconds)
{
    private readonly int _reserved;

    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(Seconds, -62135596800, 253402300799)).AddTicks(Nanoseconds / 100);
}
