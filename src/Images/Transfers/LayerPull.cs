using Yun.Images.Content;
using Yun.Images.Layers;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Transfers;

/// <summary>
/// Brings one layer from a registry into the store: download, hash, save, decompress, hash and unpack as one pipeline. Unpacked files are shown only after both
/// digests were right and the layer below is there.
/// </summary>
internal sealed class LayerPull(ContentStore content, LayerStore layers, KeyedLocks<Digest> blobs, RegistryClient registry, string repository)
{
    /// <param name="diffId">What the image's configuration says the layer unpacks to.</param>
    /// <param name="below">Gives the layer below, once it is in its place; null for the bottom one.</param>
    public async Task<Layer> RunAsync(
        Descriptor blob, Digest diffId, Func<Task<Layer>>? below, SemaphoreSlim room, IProgress<TransferProgress> progress, CancellationToken cancel)
    {
        var id = blob.Digest.Short;
        LayerDraft draft;
        await room.WaitAsync(cancel);
        try
        {
            draft = await DraftAsync(blob, diffId, progress, id, cancel);
        }
        finally
        {
            room.Release();
        }
        using (draft)
        {
            var under = below is null ? null : await below();
            var layer = await Task.Run(() => layers.Commit(draft, under), cancel);
            progress.Report(new TransferProgress("Pull complete", id, HasDetail: true));
            return layer;
        }
    }

    private async Task<LayerDraft> DraftAsync(Descriptor blob, Digest diffId, IProgress<TransferProgress> progress, string id, CancellationToken cancel)
    {
        var draft = await FetchAsync(blob, diffId, progress, id, cancel);
        if (draft.DiffId == diffId) return draft;
        draft.Dispose();
        throw new EngineException(ErrorKind.InvalidArgument, $"The layer {blob.Digest} unpacks to {draft.DiffId}, where its image announces {diffId}.");
    }

    private async Task<LayerDraft> FetchAsync(Descriptor blob, Digest diffId, IProgress<TransferProgress> progress, string id, CancellationToken cancel)
    {
        // An image may hold the same layer twice, and another image may be fetching it.
        using var alone = await blobs.EnterAsync(blob.Digest, cancel);
        if (content.SizeOf(blob.Digest) == blob.Size && await ReuseAsync(blob, diffId, progress, id, cancel) is { } reused) return reused;
        for (var again = false; ; again = true)
        {
            using var ingest = Ingest.Resume(content, blob.Digest);
            if (ingest.PartialBytes > blob.Size)
            {
                ingest.Discard();
                continue;
            }
            var partial = ingest.PartialBytes;
            Stream rest = registry.OpenBlob(repository, blob, partial, cancel);
            using var source = partial == 0 ? rest : new JoinedStream(ingest.OpenPartial(), rest);
            try
            {
                return await UnpackAsync(source, blob, ingest, progress, id, cancel);
            }
            catch (EngineException wrong) when (partial > 0 && !again && wrong.Kind is ErrorKind.Internal or ErrorKind.InvalidArgument)
            {
                // What an earlier download left was damaged, by a power cut for one. Once more from the beginning.
                ingest.Discard();
            }
            catch (EngineException wrong) when (wrong.Kind is ErrorKind.Internal or ErrorKind.InvalidArgument)
            {
                ingest.Discard();
                throw;
            }
            catch (IOException full)
            {
                // The network's own failures have other names by now.
                ingest.Discard();
                throw new EngineException(ErrorKind.Internal, $"Cannot save the layer {blob.Digest}: {full.Message}", full);
            }
        }
    }

    /// <summary>Unpacks the blob that is here already. Null when it went bad on the disk, and then it is gone.</summary>
    private async Task<LayerDraft?> ReuseAsync(Descriptor blob, Digest diffId, IProgress<TransferProgress> progress, string id, CancellationToken cancel)
    {
        try
        {
            using var saved = content.Open(blob.Digest);
            var draft = await UnpackAsync(saved, blob, null, progress, id, cancel);
            if (draft.DiffId == diffId || content.IsIntact(blob.Digest)) return draft;
            draft.Dispose();
        }
        catch (EngineException) when (!content.IsIntact(blob.Digest))
        {
            // The download that follows says what it gets.
        }
        content.Delete(blob.Digest);
        return null;
    }

    private async Task<LayerDraft> UnpackAsync(Stream source, Descriptor blob, Ingest? ingest, IProgress<TransferProgress> progress, string id, CancellationToken cancel)
    {
        var downloading = new StepProgress(progress, "Downloading", id, blob.Size);
        var draft = layers.Begin();
        try
        {
            await Task.Factory.StartNew(() =>
            {
                using var download = new Archives.ReadAheadStream(source, Save, blocking: false, cancel);
                try
                {
                    LayerUnpacker.Unpack(download, draft, blob.Size, withRecipe: false, cancel, $"The layer {blob.Digest}");
                }
                catch (EngineException wrong) when (ingest is not null && wrong.Kind == ErrorKind.InvalidArgument)
                {
                    // Whether it was made wrong or came wrong, its digest tells.
                    download.CopyTo(Stream.Null);
                    ingest.Commit(blob.Digest, blob.Size);
                    throw;
                }
                // What stands behind the end of the compressed data counts for the digest as well.
                download.CopyTo(Stream.Null);
                if (ingest is null) return;
                progress.Report(new TransferProgress("Verifying Checksum", id, HasDetail: true));
                ingest.Commit(blob.Digest, blob.Size);
                progress.Report(new TransferProgress("Download complete", id, HasDetail: true));
            }, cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            progress.Report(new TransferProgress("Extracting", id, blob.Size, blob.Size, HasDetail: true));
            return draft;
        }
        catch
        {
            draft.Dispose();
            throw;
        }

        void Save(ReadOnlyMemory<byte> bytes)
        {
            if (ingest is null) return;
            ingest.Accept(bytes.Span);
            downloading.At(ingest.Length);
        }
    }
}
