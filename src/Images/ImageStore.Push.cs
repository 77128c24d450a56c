using Yun.Images.Layers;
using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Uploads what the registry lacks, then the manifest under the name's tag.</summary>
    public async Task<PushedImage> PushAsync(ImageReference reference, RegistryAuth? auth, IProgress<TransferProgress>? progress, CancellationToken cancel = default)
    {
        reference = reference.WithDefaultTag();
        if (reference.Digest is not null) throw new EngineException(ErrorKind.InvalidArgument, "cannot push a digest reference");
        var image = _catalog.IdOf(reference) is { } id && _catalog.Get(id) is { } found ? found
            : throw new EngineException(ErrorKind.NotFound, _catalog.List().Any(other => other.Names.Any(name => name.Name == reference.Name))
                ? $"tag does not exist: {reference.Familiar}" : $"An image does not exist locally with the tag: {reference.FamiliarName}");
        progress?.Report(new TransferProgress($"The push refers to repository [{reference.Name}]"));
        using var pins = _pins.Take();
        pins.Add([image.Id, .. image.ChainIds]);
        try
        {
            var push = new ImagePush(_content, new RegistryClient(_registries, reference.Domain, auth), reference.Path, Registries.LayersAtOnce, Neighbours(reference), pins);
            var (manifest, blobs) = await push.RunAsync(image, reference.Tag!, progress, cancel);
            using (await ChangeAsync(cancel))
            {
                if (_catalog.Get(image.Id) is { } still)
                {
                    var record = still.Record with { Manifest = manifest, Layers = [.. still.Record.Layers.Select((layer, i) => layer with { Blob = blobs[i] })] };
                    await _catalog.PutAsync(record, still.Config, still.Layers);
                    await _catalog.NameAsync(reference.WithDigest(manifest.Digest), image.Id);
                }
            }
            Publish("push", image.Id, reference.Familiar);
            progress?.Report(new TransferProgress($"{reference.Tag}: digest: {manifest.Digest} size: {manifest.Size}"));
            return new PushedImage(reference.Tag!, manifest.Digest, manifest.Size);
        }
        catch (RegistryException refused)
        {
            throw RegistryErrors.Other(refused);
        }
    }

    /// <summary>Repositories of the same registry that an image with this layer is called after: the registry may have the blob there already.</summary>
    private Func<Digest, IEnumerable<string>> Neighbours(ImageReference reference) => blob => _catalog.List()
        .Where(image => image.Record.Layers.Exists(layer => layer.Blob?.Digest == blob))
        .SelectMany(image => image.Names).Where(name => name.Digest is not null && name.Domain == reference.Domain && name.Path != reference.Path)
        .Select(name => name.Path).Distinct();
}
