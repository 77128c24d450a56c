using System.Security.Cryptography;
using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Content;

/// <summary>One blob on its way in: hashed and saved as it comes, and shown to nobody until it proved to be what was asked for.</summary>
internal sealed class Ingest : IDisposable
{
    private const int WritingBytes = 4 << 20;

    private readonly ContentStore _store;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly bool _keepPartial;
    private bool _committed;

    private Ingest(ContentStore store, string path, bool keepPartial)
    {
        (_store, _path, _keepPartial) = (store, path, keepPartial);
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        PartialBytes = _file.Length;
    }

    /// <summary>Where it is being written.</summary>
    public string Path => _path;

    /// <summary>What an earlier download left. These bytes are accepted first, like those that follow them.</summary>
    public long PartialBytes { get; }

    /// <summary>Bytes accepted so far.</summary>
    public long Length { get; private set; }

    /// <summary>For a blob whose digest is known: what comes is kept if it breaks off, and taken up the next time.</summary>
    public static Ingest Resume(ContentStore store, Digest expected) => new(store, System.IO.Path.Combine(store.Incoming, expected.Hex), keepPartial: true);

    /// <summary>For a blob whose digest will be known at its end.</summary>
    public static Ingest Begin(ContentStore store) => new(store, System.IO.Path.Combine(store.Incoming, Guid.NewGuid().ToString("N")), keepPartial: false);

    /// <summary>Reads what <see cref="PartialBytes"/> counts.</summary>
    public FileStream OpenPartial() => new(_path, new FileStreamOptions { Share = FileShare.ReadWrite, BufferSize = 0 });

    public void Accept(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        var known = (int)Math.Clamp(PartialBytes - Length, 0, bytes.Length);
        if (known < bytes.Length)
        {
            _file.Position = Length + known;
            _file.Write(bytes[known..]);
        }
        Length += bytes.Length;
        // The disk works while the rest comes, and has little left to do at the end.
        if (Length / WritingBytes != (Length - bytes.Length) / WritingBytes) OpenFile.StartWriting(_file.SafeFileHandle);
    }

    /// <param name="pins">Holds it before it is there. Who knew the digest has it pinned already.</param>
    /// <exception cref="EngineException">It is not what was expected; what came is thrown away.</exception>
    public Digest Commit(Digest? expected = null, long? size = null, Pins.Lease? pins = null)
    {
        var digest = Digest.FromHash(_hash.GetHashAndReset());
        if ((expected is { } wanted && wanted != digest) || (size is { } bytes && bytes != Length))
        {
            Discard();
            throw new EngineException(ErrorKind.Internal, expected == digest
                ? $"The content {expected} has {Length} bytes where {size} were announced."
                : $"The content {expected} is damaged: what came has the digest {digest}.");
        }
        pins?.Add(digest);
        OpenFile.Sync(_file.SafeFileHandle);
        _store.Publish(_path, digest);
        _committed = true;
        return digest;
    }

    public void Discard()
    {
        File.Delete(_path);
        _committed = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        if (!_committed && !_keepPartial) File.Delete(_path);
    }
}
