using Yun.Linux;

namespace Yun.Archives;

/// <summary>One member of a tar, after its extension headers have been applied. Names are strings as <see cref="FileName"/> makes them, and say whatever the archive said.</summary>
public sealed class TarEntry
{
    /// <summary><see cref="FileKind.Regular"/> also for a hard link: see <see cref="IsHardLink"/>.</summary>
    public FileKind Kind { get; init; }
    public bool IsHardLink { get; init; }
    public required string Name { get; init; }
    /// <summary>Where a symbolic link points, or the earlier entry that a hard link is another name of.</summary>
    public string LinkTarget { get; init; } = "";
    /// <summary>Permissions with the set-id and sticky bits.</summary>
    public uint Mode { get; init; }
    public uint UserId { get; init; }
    public uint GroupId { get; init; }
    public string UserName { get; init; } = "";
    public string GroupName { get; init; } = "";
    /// <summary>Bytes of the file once unpacked; for a sparse file, with its holes.</summary>
    public long Size { get; init; }
    public FileTime Modified { get; init; }
    public FileTime? Accessed { get; init; }
    public uint DeviceMajor { get; init; }
    public uint DeviceMinor { get; init; }
    /// <summary>Extended attributes by name; values are bytes.</summary>
    public IReadOnlyDictionary<string, byte[]> Attributes { get; init; } = s_none;
    /// <summary>The parts of a sparse file that are in the archive, in order; null when all of it is.</summary>
    internal IReadOnlyList<SparsePart>? Sparse { get; init; }

    private static readonly Dictionary<string, byte[]> s_none = [];
}

/// <summary>Bytes of a sparse file that the archive holds; what lies between the parts is zeros.</summary>
internal readonly record struct SparsePart(long Offset, long Length);
