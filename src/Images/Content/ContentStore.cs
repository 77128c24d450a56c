using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Content;

/// <summary>
/// Blobs by digest: <c>content/blobs/sha256/HEX</c>. A blob appears under its digest only when it is whole, right and on the disk, so readers never lock, and a crash leaves
/// nothing but a file in <c>content/incoming</c>, from which the download can go on.
/// </summary>
internal sealed class ContentStore
{
    // Old partial downloads are not taken up: nobody waited for them.
    private static readonly TimeSpan s_partialKept = TimeSpan.FromDays(1);
    private readonly string _blobs;
    private readonly Trash _trash;

    public ContentStore(string dataRoot, Trash trash)
    {
        _trash = trash;
        _blobs = Path.Combine(dataRoot, "content", "blobs", "sha256");
        Incoming = Path.Combine(dataRoot, "content", "incoming");
        const UnixFileMode rootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(Path.Combine(dataRoot, "content"), rootOnly);
        Directory.CreateDirectory(_blobs, rootOnly);
        Directory.CreateDirectory(Incoming, rootOnly);
        foreach (var file in new DirectoryInfo(Incoming).EnumerateFiles())
            if (file.Name.Length != 64 || DateTime.UtcNow - file.LastWriteTimeUtc > s_partialKept) file.Delete();
    }

    public string Incoming { get; }

    public string PathOf(Digest digest) => Path.Combine(_blobs, digest.Hex);

    public bool Has(Digest digest) => File.Exists(PathOf(digest));

    public long? SizeOf(Digest digest) => new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null;

    public IEnumerable<Digest> All() => Directory.EnumerateFiles(_blobs).Select(path => "sha256:" + Path.GetFileName(path)).Where(text => Digest.TryParse(text, out _)).Select(Digest.Parse);

    public FileStream Open(Digest digest) => new(PathOf(digest), new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });

    /// <summary>A whole document, checked against its digest. Null when there is none, or what is there is not it any more.</summary>
    public byte[]? TryRead(Digest digest)
    {
        try
        {
            var bytes = File.ReadAllBytes(PathOf(digest));
            return Digest.Of(bytes) == digest ? bytes : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Whether the whole blob is what its name says.</summary>
    public bool IsIntact(Digest digest)
    {
        if (!Has(digest)) return false;
        using var file = Open(digest);
        return Digest.FromHash(System.Security.Cryptography.SHA256.HashData(file)) == digest;
    }

    public byte[] Read(Digest digest) => TryRead(digest) ?? throw new EngineException(ErrorKind.Internal, $"The content {digest} is missing or damaged. Remove its image and get it again.");

    public Digest Write(ReadOnlySpan<byte> document)
    {
        var digest = Digest.Of(document);
        if (TryRead(digest) is not null) return digest;
        using var ingest = Ingest.Begin(this);
        ingest.Accept(document);
        return ingest.Commit(digest, document.Length);
    }

    /// <summary>Makes a finished file in <see cref="Incoming"/> the blob. The file is on the disk already.</summary>
    public void Publish(string path, Digest digest)
    {
        File.Move(path, PathOf(digest), overwrite: true);
        using var directory = PathDescriptor.Open(null, _blobs, OpenFlags.ReadOnly | OpenFlags.Directory);
        OpenFile.Sync(directory);
    }

    public void Delete(Digest digest) => _trash.Throw(PathOf(digest));
}
