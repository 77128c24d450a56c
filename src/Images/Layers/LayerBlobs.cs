using System.IO.Compression;
using System.Security.Cryptography;
using Yun.Archives;
using Yun.Images.Content;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Layers;

/// <summary>Layers as they travel: from the content store where they came compressed, made again from their files where not.</summary>
internal sealed class LayerBlobs(ContentStore content)
{
    /// <summary>A layer's uncompressed tar, to the byte.</summary>
    public Stream OpenTar(Layer layer, Descriptor? blob, CancellationToken cancel)
    {
        if (LayerStore.RecipeDirectory(layer) is { } directory) return new MadeStream(write => WriteTar(layer, directory, write, cancel), cancel);
        if (blob is null || !content.Has(blob.Digest)) throw new EngineException(ErrorKind.Internal, $"The layer {layer.DiffId} cannot be read back: its compressed form is gone. Get its image again.");
        return Compression.Open(content.Open(blob.Digest), out _);
    }

    /// <summary>The bytes in a tar, without making it.</summary>
    public long TarBytes(Layer layer, Descriptor? blob, CancellationToken cancel)
    {
        if (LayerStore.RecipeDirectory(layer) is { } directory) return TarRecipe.Length(directory);
        long total = 0;
        using var tar = OpenTar(layer, blob, cancel);
        var buffer = new byte[256 * 1024];
        for (int read; (read = tar.Read(buffer)) > 0;) total += read;
        return total;
    }

    /// <summary>Compresses a layer into the content store, once; from then on it travels in this form.</summary>
    public Descriptor Compress(Layer layer, Pins.Lease pins, CancellationToken cancel)
    {
        using var ingest = Ingest.Begin(content);
        using (var tar = OpenTar(layer, null, cancel))
        using (var taker = new IngestStream(ingest))
        using (var gzip = new GZipStream(taker, CompressionLevel.Fastest))
            tar.CopyTo(gzip, 256 * 1024);
        var size = ingest.Length;
        return new Descriptor { MediaType = MediaTypes.DockerLayerGzip, Digest = ingest.Commit(pins: pins), Size = size };
    }

    private static void WriteTar(Layer layer, string directory, Action<ReadOnlySpan<byte>> write, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        TarRecipe.Write(directory, bytes =>
        {
            hash.AppendData(bytes);
            write(bytes);
        }, cancel);
        var digest = Digest.FromHash(hash.GetHashAndReset());
        if (digest != layer.DiffId)
            throw new EngineException(ErrorKind.Internal, $"The layer {layer.DiffId} is damaged: its files now make {digest}. Remove its image and get it again.");
    }

    private sealed class IngestStream(Ingest ingest) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Write(ReadOnlySpan<byte> buffer) => ingest.Accept(buffer);
        public override void Write(byte[] buffer, int offset, int count) => ingest.Accept(buffer.AsSpan(offset, count));
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
