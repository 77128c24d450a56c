using Yun.Images.Layers;
using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

public sealed partial class ImageStore
{
    /// <summary>Uploads what the registry lacks, then the manifest under the name's tag.</summary>
    /// <param name="platform">Only this platform's image, where the name stands for several; null pushes all, if all are here.</param>
    public async Task<PushedImage> PushAsync(
        ImageReference reference, RegistryAuth? auth, IProgress<TransferProgress>? progress, Platform? platform = null, CancellationToken cancel = default)
    {
        reference = reference.WithDefaultTag();
        if (reference.Digest is not null) throw new EngineException(ErrorKind.InvalidArgument, "cannot push a digest reference");
        var image = _catalog.IdOf(reference) is { } id && _catalog.Get(id) is { } found ? found
            : throw new EngineException(ErrorKind.NotFound, _catalog.List().Any(other => other.Names.Any(name => name.Name == reference.Name))
                ? $"tag does not exist: {reference.Familiar}" : $"An image does not exist locally with the tag: {reference.FamiliarName}");
        var (members, index) = MembersToPush(reference, platform, ref image, progress);
        progress?.Report(new TransferProgress($"The push refers to repository [{reference.Name}]"));
        using var pins = _pins.Take();
        foreach (var member in members.Append(image)) pins.Add([member.Id, .. member.ChainIds]);
        try
        {
            var push = new ImagePush(_content, new RegistryClient(_registries, reference.Domain, auth), reference.Path, Registries.LayersAtOnce, Neighbours(reference), pins);
            if (index is not null)
            {
                pins.Add(index.Digest);
                foreach (var member in members)
                    if ((await push.RunAsync(member, null, progress, cancel)).Manifest.Digest != member.Manifest!.Digest)
                        throw new EngineException(ErrorKind.Conflict, $"The image for {member.Platform} cannot be pushed with its index: its layers are no longer here as they came. Pull it again.");
                await push.PutIndexAsync(index, reference.Tag!, cancel);
                using (await ChangeAsync(cancel))
                    if (_catalog.IsNamed(index.Digest)) await _catalog.NameAsync(reference.WithDigest(index.Digest), image.Id, index.Digest);
                return Pushed(index);
            }
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
            return Pushed(manifest);
        }
        catch (RegistryException refused)
        {
            throw RegistryErrors.Other(refused);
        }

        PushedImage Pushed(Descriptor named)
        {
            Publish("push", image.Id, reference.Familiar);
            progress?.Report(new TransferProgress($"{reference.Tag}: digest: {named.Digest} size: {named.Size}"));
            return new PushedImage(reference.Tag!, named.Digest, named.Size);
        }
    }

    /// <summary>Uploads images that need no name here, and gives an index of them a name in the registry.</summary>
    /// <param name="images">With what their entries in the index say of them. Who asks the registry for the name gets the first.</param>
    public async Task PushTogetherAsync(
        ImageReference reference, IReadOnlyList<(Image Image, Dictionary<string, string> Annotations)> images, RegistryAuth? auth, IProgress<TransferProgress>? progress, CancellationToken cancel = default)
    {
        using var pins = _pins.Take();
        foreach (var (image, _) in images) pins.Add([image.Id, .. image.ChainIds]);
        try
        {
            var push = new ImagePush(_content, new RegistryClient(_registries, reference.Domain, auth), reference.Path, Registries.LayersAtOnce, Neighbours(reference), pins);
            var entries = new List<Descriptor>();
            foreach (var (image, annotations) in images)
                entries.Add((await push.RunAsync(image, null, progress, cancel)).Manifest with { Platform = image.Platform, Annotations = annotations });
            var bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new ImageIndex { MediaType = MediaTypes.OciIndex, Manifests = entries }, ImageJson.Default.ImageIndex);
            var index = new Descriptor { MediaType = MediaTypes.OciIndex, Digest = _content.Write(bytes), Size = bytes.Length };
            pins.Add(index.Digest);
            await push.PutIndexAsync(index, reference.WithDefaultTag().Tag!, cancel);
        }
        catch (RegistryException refused)
        {
            throw RegistryErrors.Other(refused);
        }
        finally
        {
            // Nothing here refers to what only travelled.
            await AbandonAsync(pins);
        }
    }

    /// <summary>What goes to a registry under a name: an index with all its images, when all of them are here as they came; else one image.</summary>
    private (IReadOnlyList<Image> Members, Descriptor? Index) MembersToPush(ImageReference reference, Platform? platform, ref Image image, IProgress<TransferProgress>? progress)
    {
        if (platform is not null)
        {
            image = _catalog.Find(reference.ToString(), platform);
            return platform.Suits(image.Platform) > 0 ? ([], null)
                : throw new EngineException(ErrorKind.NotFound, $"image with reference {reference.Familiar} was found but does not provide the specified platform ({platform})");
        }
        if (_catalog.IndexOf(reference) is not { } digest || TryReadIndex(digest) is not { } index) return ([], null);
        var here = _catalog.Members(digest);
        var members = index.Manifests!.Select(entry => here.FirstOrDefault(member => member.Manifest?.Digest == entry.Digest)).ToList();
        if (members.TrueForAll(member => member is not null)) return (members.OfType<Image>().ToList(), image.Record.Indexes!.Find(its => its.Index.Digest == digest)!.Index);
        progress?.Report(new TransferProgress($"Not all platforms of {reference.Familiar} are here, so only the image for {image.Platform} is pushed"));
        return ([], null);
    }

    private ImageIndex? TryReadIndex(Digest digest) =>
        _content.TryRead(digest) is { } bytes ? System.Text.Json.JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageIndex) : null;

    /// <summary>Repositories of the same registry that an image with this layer is called after: the registry may have the blob there already.</summary>
    private Func<Digest, IEnumerable<string>> Neighbours(ImageReference reference) => blob => _catalog.List()
        .Where(image => image.Record.Layers.Exists(layer => layer.Blob?.Digest == blob))
        .SelectMany(image => image.Names).Where(name => name.Digest is not null && name.Domain == reference.Domain && name.Path != reference.Path)
        .Select(name => name.Path).Distinct();
}
