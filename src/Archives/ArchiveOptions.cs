namespace Yun.Archives;

public sealed record ArchiveOptions
{
    /// <summary>What the first entry is called instead of its own name; null leaves it, empty writes only what is in the directory.</summary>
    public string? Name { get; set; }
    /// <summary>The directory is an overlay upper directory: its whiteouts are written as <c>.wh.</c> names.</summary>
    public bool Whiteouts { get; set; }
    /// <summary>False stays on the root's own file system: what is mounted in it is written as an empty directory.</summary>
    public bool CrossMounts { get; set; } = true;
    /// <summary>False writes every time as 1970, so that a digest of the archive says whether the content is the same.</summary>
    public bool Times { get; set; } = true;
    /// <summary>Where the disk has others than those to be written; null writes those of the disk.</summary>
    public OwnerMap? OwnerMap { get; set; }
    /// <summary>True for paths (from the directory that is written) to leave out; a directory goes with all that is in it.</summary>
    public Func<string, bool>? Skip { get; set; }
}
