using Yun.Archives;
using Yun.Images.Content;
using Yun.Images.Layers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Transfers;

/// <summary>
/// Reads an image archive in one pass, as it comes. Its layers mostly come before the document that tells what they are, so everything that looks like a layer is
/// unpacked at once, and documents are kept; what belongs together shows at the end. What nothing refers to goes to the trash.
/// </summary>
internal sealed class ArchiveLoad(ContentStore content, LayerStore layers, Pins.Lease pins, IProgress<TransferProgress>? progress, CancellationToken cancel) : IDisposable
{
    private const int DocumentMax = 8 << 20, DocumentsMax = 64 << 20;

    private readonly Dictionary<string, LoadedLayer> _layers = [];
    private readonly Dictionary<string, byte[]> _documents = [];
    private readonly Dictionary<string, string> _links = [];
    private long _documentBytes;

    public void Read(Stream archive)
    {
        var shown = "";
        using var ahead = new ReadAheadStream(archive, null, blocking: false, cancel);
        using var plain = Compression.Open(ahead, out _);
        var tar = new TarReader(plain);
        try
        {
            while (tar.Next() is { } entry)
            {
                cancel.ThrowIfCancellationRequested();
                shown = entry.Name;
                Read(entry, tar);
                shown = "";
            }
            tar.Drain();
        }
        catch (Exception damaged) when (damaged is TarException || Compression.IsDamage(damaged))
        {
            var reason = damaged is TarException ? damaged.Message : "its compressed data is damaged or cut short";
            throw new EngineException(ErrorKind.InvalidArgument, shown.Length == 0 ? $"The archive is refused: {reason}." : $"The archive's entry '{shown}' is refused: {reason}.", damaged);
        }
    }

    public byte[]? Document(string path) => _documents.GetValueOrDefault(Resolve(path));

    public byte[]? Document(Digest digest) => Document($"blobs/sha256/{digest.Hex}") is { } bytes && Digest.Of(bytes) == digest ? bytes : null;

    public LoadedLayer? Layer(string path) => _layers.GetValueOrDefault(Resolve(path));

    public void Dispose()
    {
        foreach (var layer in _layers.Values) layer.Draft.Dispose();
    }

    private void Read(TarEntry entry, TarReader tar)
    {
        var path = EntryPath.Plain(entry.Name);
        if (entry.Kind == Linux.FileKind.SymbolicLink) _links[path] = EntryPath.Plain(EntryPath.Join(EntryPath.Split(path).Parent, entry.LinkTarget));
        else if (entry.IsHardLink) _links[path] = EntryPath.Plain(entry.LinkTarget);
        else if (entry.Kind == Linux.FileKind.Regular && entry.Size > 0)
        {
            var (start, whole) = StartedStream.Peek(new TarContentStream(tar), TarFormat.BlockSize);
            if (IsLayer(start.Span)) ReadLayer(path, whole, entry.Size, Compression.Detect(start.Span) != CompressionKind.None);
            else if (entry.Size <= DocumentMax) ReadDocument(path, whole, entry.Size);
        }
    }

    private void ReadDocument(string path, Stream whole, long size)
    {
        _documentBytes += size;
        if (_documentBytes > DocumentsMax) throw new TarException($"its documents have more than {DocumentsMax >> 20} MiB together");
        var bytes = new byte[size];
        whole.ReadExactly(bytes);
        _documents[path] = bytes;
    }

    private void ReadLayer(string path, Stream whole, long size, bool compressed)
    {
        // In a layout the name says the digest, and a layer that is here already need not be made again.
        var loading = new StepProgress(progress ?? new Progress<TransferProgress>(), "Loading layer", ShortId(path), size);
        long read = 0;
        var draft = layers.Begin();
        try
        {
            // A compressed layer is kept as it came, so that its image keeps its digest; a plain one is its files and a recipe.
            using var ingest = compressed ? Ingest.Begin(content) : null;
            using (var counted = new ReadAheadStream(whole, Take, blocking: true, cancel))
            {
                LayerUnpacker.Unpack(counted, draft, compressed ? size : null, withRecipe: !compressed, cancel);
                counted.CopyTo(Stream.Null);
            }
            var blob = ingest?.Commit(size: size);
            if (blob is { } digest) pins.Add(digest);
            progress?.Report(new TransferProgress("Loading layer", ShortId(path), size, size, HasDetail: true));
            if (_layers.Remove(path, out var same)) same.Draft.Dispose();
            _layers[path] = new LoadedLayer(draft, blob ?? draft.DiffId, size, compressed);

            void Take(ReadOnlyMemory<byte> bytes)
            {
                ingest?.Accept(bytes.Span);
                loading.At(read += bytes.Length);
            }
        }
        catch
        {
            draft.Dispose();
            throw;
        }
    }

    private string Resolve(string path)
    {
        for (var links = 0; links < 10 && _links.TryGetValue(path, out var target); links++) path = target;
        return path;
    }

    private static bool IsLayer(ReadOnlySpan<byte> start) => Compression.Detect(start) != CompressionKind.None
        || (start.Length == TarFormat.BlockSize && (!start.ContainsAnyExcept((byte)0)
            || (TarFormat.Number(start.Slice(148, 8)) is { } sum && TarFormat.Checksum(start).Unsigned == sum)));

    private static string ShortId(string path) => (EntryPath.Split(path) is (var parent, "layer.tar") ? parent : EntryPath.Split(path).Name) is var name && name.Length > 12 ? name[..12] : name;
}

/// <param name="Blob">The digest of the layer as it stood in the archive.</param>
internal sealed record LoadedLayer(LayerDraft Draft, Digest Blob, long Size, bool Compressed);
