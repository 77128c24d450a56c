using System.Text.Json;
using Yun.Images.Layers;
using Yun.Images.Transfers;
using Yun.Oci;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>
    /// Makes an index of images that were made here, each for a platform. An index names manifests, and those name layers as they travel; so the layers are compressed now. It is there while the
    /// lease lasts, or for as long as a name stands for it.
    /// </summary>
    public async Task<Descriptor> CreateIndexAsync(IReadOnlyList<(Platform Platform, Image Image)> images, ImageLease lease, CancellationToken cancel = default)
    {
        var entries = new List<Descriptor>();
        foreach (var (platform, image) in images) entries.Add(await ManifestAsync(image, lease, cancel) with { Platform = platform });
        var bytes = JsonSerializer.SerializeToUtf8Bytes(new ImageIndex { MediaType = MediaTypes.OciIndex, Manifests = entries }, ImageJson.Default.ImageIndex);
        var index = new Descriptor { MediaType = MediaTypes.OciIndex, Digest = Digest.Of(bytes), Size = bytes.Length };
        lease.Content.Add(index.Digest);
        _content.Write(bytes);
        return index;
    }

    /// <summary>Gives an index a name. Where no platform is asked for, the name stands for the image that suits this machine best.</summary>
    /// <param name="index">What <see cref="CreateIndexAsync"/> has made of these images; its lease lasts.</param>
    public async Task NameIndexAsync(ImageReference name, Descriptor index, IReadOnlyList<(Platform Platform, Image Image)> images, CancellationToken cancel = default)
    {
        name = name.WithDefaultTag();
        var entries = TryReadIndex(index.Digest)!.Manifests!;
        var best = images.MaxBy(one => Platform.Host.Suits(one.Platform)).Image;
        using (await ChangeAsync(cancel))
        {
            foreach (var id in images.Select(one => one.Image.Id).Distinct())
            {
                var known = _catalog.Get(id) ?? throw ImageCatalog.NotFound(id.ToString());
                var membership = new IndexMembership(index, entries.Find(entry => entry.Digest == known.Manifest!.Digest)!);
                await _catalog.PutAsync(known.Record with { LastTagged = _time.GetUtcNow(), Indexes = IndexesOf(id, membership) }, known.Config, known.Layers);
            }
            await _catalog.NameAsync(name, best.Id, index.Digest);
        }
        Publish("tag", best.Id, name.Familiar);
    }

    /// <summary>As <see cref="OpenSaved(Image, IReadOnlyList{ImageReference}, CancellationToken)"/>, for an index with all its images.</summary>
    public Stream OpenSaved(Descriptor index, IReadOnlyList<(Platform Platform, Image Image)> images, IReadOnlyList<ImageReference> names, CancellationToken cancel = default)
    {
        // Their records say by now how their layers travel.
        var members = images.Select(one => _catalog.Get(one.Image.Id) ?? throw ImageCatalog.NotFound(one.Image.Id.ToString())).DistinctBy(image => image.Id).ToList();
        var best = members.MaxBy(image => Platform.Host.Suits(image.Platform))!;
        return OpenSaved(names.Count == 0 ? [(best, null)] : [.. names.Select(name => (best, (ImageReference?)name))], _ => new SavedIndex(index, members), cancel);
    }

    private async Task<Descriptor> ManifestAsync(Image image, ImageLease lease, CancellationToken cancel)
    {
        var blobs = new List<Descriptor>();
        foreach (var (layer, record) in image.Layers.Zip(image.Record.Layers))
        {
            if (record.Blob is { } known) lease.Content.Add(known.Digest);
            blobs.Add(record.Blob is { } travels && _content.Has(travels.Digest) ? travels : await Task.Run(() => new LayerBlobs(_content).Compress(layer, lease.Content, cancel), cancel));
        }
        var (bytes, mediaType) = ImagePush.ManifestOf(_content, image, blobs, MediaTypes.OciManifest);
        var manifest = new Descriptor { MediaType = mediaType, Digest = Digest.Of(bytes), Size = bytes.Length };
        lease.Content.Add(manifest.Digest);
        _content.Write(bytes);
        using (await ChangeAsync(cancel))
        {
            var now = _catalog.Get(image.Id) ?? throw ImageCatalog.NotFound(image.Id.ToString());
            await _catalog.PutAsync(now.Record with { Manifest = manifest, Layers = [.. now.Record.Layers.Zip(blobs, (layer, blob) => layer with { Blob = blob })] }, now.Config, now.Layers);
        }
        return manifest;
    }
}
