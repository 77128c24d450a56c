using System.Collections.Concurrent;
using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Content;

/// <summary>
/// Blobs by digest: <c>content/blobs/sha256/HEX</c>. A blob appears under its digest only when it is whole, right and on the disk, so readers never lock, and a crash leaves
/// nothing but a file in <c>content/incoming</c>, from which the download can go on.
/// </summary>
internal sealed partial class ContentStore : IDisposable
{
    // Old partial downloads are not taken up: nobody waited for them.
    private static readonly TimeSpan s_partialKept = TimeSpan.FromDays(1);
    // Longer than a download that goes on ever says nothing.
    private static readonly TimeSpan s_partialIdle = TimeSpan.FromMinutes(10);
    private readonly string _blobs;
    private readonly Trash _trash;
    private readonly Pins _pins;
    private readonly List<Func<Digest, bool>> _owners = [];
    private readonly ConcurrentDictionary<Digest, TaskCompletionSource> _publishing = new();
    private readonly FileStream _lock;

    /// <exception cref="EngineException">Another process works with this data root: each would free what the other needs.</exception>
    public ContentStore(string dataRoot, Trash trash, Pins pins)
    {
        (_trash, _pins) = (trash, pins);
        _blobs = Path.Combine(dataRoot, "content", "blobs", "sha256");
        Incoming = Path.Combine(dataRoot, "content", "incoming");
        Uploads = Path.Combine(dataRoot, "content", "uploads");
        const UnixFileMode rootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(Path.Combine(dataRoot, "content"), rootOnly);
        Directory.CreateDirectory(_blobs, rootOnly);
        Directory.CreateDirectory(Incoming, rootOnly);
        Directory.CreateDirectory(Uploads, rootOnly);
        _lock = Lock(dataRoot);
        foreach (var file in new DirectoryInfo(Incoming).EnumerateFiles())
            if (file.Name.Length != 64) file.Delete();
        DropPartials(s_partialKept);
    }

    public string Incoming { get; }

    /// <summary>Where the registry keeps what its clients have not finished. Beside the blobs, so that finishing is a rename.</summary>
    public string Uploads { get; }

    public string PathOf(Digest digest) => Path.Combine(_blobs, digest.Hex);

    public bool Has(Digest digest) => _held.ContainsKey(digest) || File.Exists(PathOf(digest));

    public long? SizeOf(Digest digest) => _held.TryGetValue(digest, out var held) ? held.Length : new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null;

    public DateTime WrittenAt(Digest digest) => File.GetLastWriteTimeUtc(PathOf(digest));

    /// <summary>Deletes what broken downloads left, where nothing was written to it for as long as that; never what was written to a moment ago.</summary>
    /// <returns>The bytes that became free.</returns>
    public long DropPartials(TimeSpan keep)
    {
        var (freed, idle) = (0L, keep > s_partialIdle ? keep : s_partialIdle);
        // One that has just become a blob is here no more, and its times are those of nothing.
        foreach (var file in new DirectoryInfo(Incoming).EnumerateFiles().Where(file => file.Name.Length == 64 && file.Exists && DateTime.UtcNow - file.LastWriteTimeUtc > idle))
        {
            freed += file.Length;
            file.Delete();
        }
        return freed;
    }

    public IEnumerable<Digest> All() => Directory.EnumerateFiles(_blobs).Select(path => "sha256:" + Path.GetFileName(path)).Where(text => Digest.TryParse(text, out _)).Select(Digest.Parse);

    public FileStream Open(Digest digest)
    {
        if (_held.ContainsKey(digest)) SettleHeld();
        return new FileStream(PathOf(digest), new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
    }

    /// <summary>A whole document, checked against its digest. Null when there is none, or what is there is not it any more.</summary>
    public byte[]? TryRead(Digest digest)
    {
        if (_held.TryGetValue(digest, out var held)) return held;
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
        if (_held.ContainsKey(digest)) return true;
        using var file = Open(digest);
        return Digest.FromHash(System.Security.Cryptography.SHA256.HashData(file)) == digest;
    }

    public byte[] Read(Digest digest) => TryRead(digest) ?? throw new EngineException(ErrorKind.Internal, $"The content {digest} is missing or damaged. Remove its image and get it again.");

    public Digest Write(ReadOnlySpan<byte> document)
    {
        var digest = Digest.Of(document);
        if (_held.ContainsKey(digest)) SettleHeld();
        if (TryRead(digest) is not null)
        {
            // Somebody else may have renamed it a moment ago and not synced that: it would be gone after a power cut that what is made of it here survives.
            if (_publishing.TryGetValue(digest, out var publishing)) publishing.Task.Wait();
            return digest;
        }
        using var ingest = Ingest.Begin(this);
        ingest.Accept(document);
        return ingest.Commit(digest, document.Length);
    }

    /// <summary>Makes a finished file in <see cref="Incoming"/> the blob. The file is on the disk already.</summary>
    public void Publish(string path, Digest digest)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _publishing[digest] = done;
        try
        {
            File.Move(path, PathOf(digest), overwrite: true);
            SyncNames();
        }
        finally
        {
            _publishing.TryRemove(KeyValuePair.Create(digest, done));
            done.SetResult();
        }
    }

    public bool Delete(Digest digest) => _held.TryRemove(digest, out _) | _trash.Throw(PathOf(digest));

    /// <summary>Names one more who may need content. Content goes when none of them does.</summary>
    public void AddOwner(Func<Digest, bool> needs) => _owners.Add(needs);

    /// <summary>Deletes what nobody needs or has pinned. Asked and done while nobody can begin to pin it.</summary>
    public bool TryFree(Digest digest)
    {
        var freed = false;
        _pins.TryFree(digest, () => freed = !_owners.Exists(needs => needs(digest)) && Delete(digest));
        return freed;
    }

    public void Dispose() => _lock.Dispose();

    private void SyncNames()
    {
        using var directory = PathDescriptor.Open(null, _blobs, OpenFlags.ReadOnly | OpenFlags.Directory);
        OpenFile.Sync(directory);
    }

    private static FileStream Lock(string dataRoot)
    {
        try { return new FileStream(Path.Combine(dataRoot, "content", "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
        catch (IOException busy) { throw new EngineException(ErrorKind.Conflict, $"Another daemon or registry works with the data root {dataRoot}.", busy); }
    }
}
