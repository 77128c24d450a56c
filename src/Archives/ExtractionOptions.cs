namespace Yun.Archives;

/// <summary>What an archive may do, and where.</summary>
public sealed record ExtractionOptions
{
    /// <summary>The directory under the root where the entries go; links in it are resolved inside the root.</summary>
    public string Directory { get; set; } = "";
    /// <summary>Names beginning with <c>.wh.</c> hide files of the layers below (OCI image spec, layer.md) and become what overlayfs understands.</summary>
    public bool Whiteouts { get; set; }
    /// <summary>False refuses device nodes.</summary>
    public bool Devices { get; set; } = true;
    /// <summary>False gives everything to <see cref="UserId"/> and <see cref="GroupId"/>.</summary>
    public bool Owners { get; set; } = true;
    public uint UserId { get; set; }
    public uint GroupId { get; set; }
    /// <summary>Where the disk gets others than the archive and <see cref="UserId"/> say; null takes them as they are.</summary>
    public OwnerMap? OwnerMap { get; set; }
    /// <summary>Given to every file and directory instead of the mode that the archive says.</summary>
    public uint? Mode { get; set; }
    /// <summary>Docker's <c>noOverwriteDirNonDir</c>: a directory is not replaced by a file, nor a file by a directory.</summary>
    public bool KeepKinds { get; set; }
    /// <summary>The most bytes that the files may have together; what a tar of this machine's disk could not hold is refused long before.</summary>
    public long BytesMax { get; set; } = long.MaxValue;
    public long EntriesMax { get; set; } = 4_000_000;
}

/// <param name="Bytes">The files' sizes together, as the archive says them.</param>
public sealed record ExtractionResult(long Entries, long Bytes);
