using System.Formats.Tar;
using System.IO.Pipelines;
using System.Text.Json;
using Yun.Archives;
using Yun.Images;
using Yun.Node.Builds;
using Yun.Oci;
using Yun.Protocol;
using TarEntry = Yun.Archives.TarEntry;
using TarReader = System.Formats.Tar.TarReader;
using TarWriter = Yun.Archives.TarWriter;

namespace Yun.BuildKit;

/// <summary>
/// <c>--cache-to type=local,dest=DIR</c> and <c>--cache-from type=local,src=DIR</c>: the images of a build's stages as an OCI layout on the client's side. The document that the client's
/// <c>index.json</c> names is an index of them.
/// </summary>
internal sealed class LocalCache(ClientContentStore store, string folder, Digest index) : ICacheLayout
{
    private const int DocumentBytesMax = 4 << 20;
    private const string BlobFolder = "blobs/sha256/", IndexName = "index.json";

    public string Name => folder;

    /// <summary>Writes the images into the client's folder.</summary>
    /// <returns>What the client is to name in its own index.</returns>
    public static async Task<Descriptor> ExportAsync(ImageStore images, IReadOnlyList<Image> stages, ClientContentStore store, CancellationToken cancel)
    {
        Descriptor? index = null;
        await using var archive = images.OpenSaved(stages, cancel);
        await using var tar = new TarReader(archive);
        while (await tar.GetNextEntryAsync(cancellationToken: cancel) is { } entry)
        {
            if (entry.Name.StartsWith(BlobFolder, StringComparison.Ordinal) && entry.EntryType == TarEntryType.RegularFile)
            {
                await store.WriteAsync(Digest.Parse($"sha256:{entry.Name[BlobFolder.Length..]}"), entry.Length, entry.DataStream ?? Stream.Null, cancel);
            }
            else if (entry.Name == IndexName)
            {
                var bytes = new byte[entry.Length];
                await entry.DataStream!.ReadExactlyAsync(bytes, cancel);
                index = new Descriptor { MediaType = MediaTypes.OciIndex, Digest = Digest.Of(bytes), Size = bytes.Length };
                await store.WriteAsync(index.Digest, index.Size, new MemoryStream(bytes, writable: false), cancel);
            }
        }
        return index ?? throw new InvalidOperationException("An archive of images has no index.");
    }

    /// <summary>As an archive, to be loaded: made as it is read.</summary>
    public Stream Open(CancellationToken cancel)
    {
        var pipe = new Pipe();
        _ = Task.Factory.StartNew(() =>
        {
            try
            {
                using (var stream = pipe.Writer.AsStream(leaveOpen: true)) Write(new TarWriter(bytes => stream.Write(bytes)), cancel);
                pipe.Writer.Complete();
            }
            // Who reads gets it.
            catch (Exception failure) { pipe.Writer.Complete(failure); }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return pipe.Reader.AsStream();
    }

    private void Write(TarWriter tar, CancellationToken cancel)
    {
        var written = new HashSet<Digest>();
        var bytes = Document(index, cancel);
        foreach (var manifest in JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageIndex)?.Manifests ?? throw NoCache($"{index} is no index"))
        {
            var document = Document(manifest.Digest, cancel);
            var parts = JsonSerializer.Deserialize(document, ImageJson.Default.ImageManifest);
            if (parts is not { Config: { } config, Layers: { } layers }) throw NoCache($"{manifest.Digest} is no image's manifest");
            if (written.Add(manifest.Digest)) tar.WriteFile(BlobFolder + manifest.Digest.Hex, document);
            foreach (var blob in layers.Prepend(config).Where(blob => written.Add(blob.Digest))) Write(tar, blob, cancel);
        }
        tar.WriteFile(IndexName, bytes);
        tar.WriteFile("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8);
        tar.Finish();
    }

    private void Write(TarWriter tar, Descriptor blob, CancellationToken cancel)
    {
        tar.WriteEntry(new TarEntry { Kind = Linux.FileKind.Regular, Name = BlobFolder + blob.Digest.Hex, Size = blob.Size, Mode = 0x1A4 });
        var total = 0L;
        store.ReadAsync(blob.Digest, part =>
        {
            total += part.Length;
            if (total <= blob.Size) tar.WriteContent(part);
        }, cancel).GetAwaiter().GetResult();
        if (total != blob.Size) throw NoCache($"{blob.Digest} has {total} bytes where {blob.Size} were announced");
        tar.EndContent(blob.Size);
    }

    // On the thread that makes the archive.
    private byte[] Document(Digest digest, CancellationToken cancel) => store.ReadAsync(digest, DocumentBytesMax, cancel).GetAwaiter().GetResult();

    private EngineException NoCache(string reason) => new(ErrorKind.InvalidArgument, $"{folder} holds no cache of this builder: {reason}");
}
