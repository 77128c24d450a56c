using System.Security.Cryptography;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Images.Repositories;

/// <summary>
/// A blob on its way in, over one request or many. Its file holds what has come so far; what a request brought is on the disk when it has been answered, so that
/// the upload can go on after a crash of either side. One request at a time writes to it.
/// </summary>
public sealed class Upload : IDisposable
{
    private const int BufferBytes = 256 * 1024, WritingBytes = 4 << 20;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private IncrementalHash? _hash;

    internal Upload(string repository, string id, string path, DateTimeOffset now)
    {
        (Repository, Id, Path, Used) = (repository, id, path, now);
        Length = new FileInfo(path) is { Exists: true } file ? file.Length : 0;
    }

    public string Repository { get; }
    public string Id { get; }
    /// <summary>Bytes that have come so far.</summary>
    public long Length { get; private set; }

    internal string Path { get; }
    internal DateTimeOffset Used { get; set; }

    /// <summary>Adds a request's body. What came of one that breaks off stays, and the client may ask how much that is.</summary>
    /// <param name="start">Where the client believes to go on; null for wherever that is.</param>
    /// <exception cref="DistributionException">RangeInvalid: it is somewhere else. SizeInvalid: it would become too large, and is thrown away.</exception>
    public async Task AppendAsync(Stream body, long? start, long bytesMax, CancellationToken cancel)
    {
        using var alone = await EnterAsync(cancel);
        if (start is { } expected && expected != Length)
            throw new DistributionException(DistributionError.RangeInvalid, $"The upload {Id} goes on at byte {Length}, not at {expected}.", Id);
        Rehash();
        using var file = new FileStream(Path, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Position = Length;
        try
        {
            await CopyAsync(body, file, bytesMax, cancel);
        }
        catch
        {
            // What was hashed need not be what was written.
            DropHash();
            throw;
        }
        OpenFile.Sync(file.SafeFileHandle);
    }

    /// <summary>While one buffer is hashed and written, the next one is filled.</summary>
    private async Task CopyAsync(Stream body, FileStream file, long bytesMax, CancellationToken cancel)
    {
        var (filling, full) = (new byte[BufferBytes], new byte[BufferBytes]);
        var reading = body.ReadAsync(filling, cancel).AsTask();
        for (int read; (read = await reading) > 0;)
        {
            (filling, full) = (full, filling);
            reading = body.ReadAsync(filling, cancel).AsTask();
            try
            {
                if (Length + read > bytesMax) throw new DistributionException(DistributionError.SizeInvalid, $"The blob is larger than the {bytesMax} bytes that are allowed.", Id);
                var (bytes, hash) = (full.AsMemory(0, read), _hash!);
                var hashing = Task.Run(() => hash.AppendData(bytes.Span), CancellationToken.None);
                try { file.Write(bytes.Span); }
                finally { await hashing; }
                Length += read;
                // The disk works while the rest comes, and has little left to do at the end.
                if (Length / WritingBytes != (Length - read) / WritingBytes) OpenFile.StartWriting(file.SafeFileHandle);
            }
            catch
            {
                // The body is left between two reads: who answers the client goes on reading, and one that was cancelled could not be followed by another.
                await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                throw;
            }
        }
    }

    public void Dispose()
    {
        DropHash();
        _turn.Dispose();
    }

    internal async Task<IDisposable> EnterAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        return new Turn(_turn);
    }

    /// <summary>Null when a request is writing to it.</summary>
    internal IDisposable? TryEnter() => _turn.Wait(0, CancellationToken.None) ? new Turn(_turn) : null;

    /// <summary>The digest of all of it, which is on the disk then.</summary>
    internal Digest Seal()
    {
        Rehash();
        using var file = new FileStream(Path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, BufferSize = 0 });
        OpenFile.Sync(file.SafeFileHandle);
        var digest = Digest.FromHash(_hash!.GetHashAndReset());
        DropHash();
        return digest;
    }

    /// <summary>The hash of what the file holds: kept from one request to the next, or computed again after a restart.</summary>
    private void Rehash()
    {
        if (_hash is not null) return;
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (!File.Exists(Path)) return;
        using var file = new FileStream(Path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
        var buffer = new byte[BufferBytes];
        Length = 0;
        for (int read; (read = file.Read(buffer)) > 0; Length += read) _hash.AppendData(buffer, 0, read);
    }

    private void DropHash()
    {
        _hash?.Dispose();
        _hash = null;
    }

    private sealed class Turn(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
