using System.Text.Json;
using Yun.Images.Content;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Transfers;

/// <summary>What a name in a registry stands for on one platform: the manifest, the configuration, and the digest that the name has there.</summary>
internal sealed record RemoteImage(RegistryClient Registry, string Repository, FetchedManifest Named, FetchedManifest Manifest, byte[] ConfigBytes, ImageConfig Config)
{
    // overlayfs takes 500 layers below one.
    private const int LayersMax = 500;
    private const int ConfigMax = 8 << 20;

    public Digest NamedDigest => Named.Descriptor.Digest;

    /// <summary>The index that the name stands for, with this image's place in it; null when it stands for the image itself.</summary>
    public IndexMembership? Membership => Named.Index is { } index
        ? new IndexMembership(Named.Descriptor, index.Manifests!.First(entry => entry.Digest == Manifest.Descriptor.Digest)) : null;

    public Digest Id => Manifest.Manifest!.Config!.Digest;
    public IReadOnlyList<Descriptor> Layers => Manifest.Manifest!.Layers!;
    public IReadOnlyList<Digest> DiffIds => Config.Rootfs!.DiffIds;

    /// <param name="platform">Null takes this machine's, and an image for one platform whatever that is.</param>
    public static async Task<RemoteImage> FindAsync(RegistryClient registry, ContentStore content, ImageReference reference, Platform? platform, CancellationToken cancel)
    {
        var repository = reference.Path;
        var named = await registry.GetManifestAsync(repository, reference.Digest?.ToString() ?? reference.Tag!, cancel);
        var manifest = named;
        if (named.Index is { } index)
        {
            var chosen = Choose(index, platform ?? Platform.Host);
            manifest = await registry.GetManifestAsync(repository, chosen.Digest.ToString(), cancel);
            if (manifest.Manifest is null) throw new EngineException(ErrorKind.InvalidArgument, $"The index of {reference.Familiar} holds another index where an image is expected.");
        }
        Check(reference, manifest.Manifest!);
        var bytes = await ConfigAsync(registry, content, repository, manifest.Manifest!.Config!, cancel);
        var config = ParseConfig(bytes, manifest.Manifest.Config!.Digest);
        if (config.Rootfs!.DiffIds.Count != manifest.Manifest.Layers!.Count)
            throw new EngineException(ErrorKind.InvalidArgument, $"The image {reference.Familiar} is refused: it has {manifest.Manifest.Layers.Count} layers, and its configuration {config.Rootfs.DiffIds.Count}.");
        if (platform is not null && platform.Suits(config.Platform) == 0)
            throw new EngineException(ErrorKind.NotFound, $"image with reference {reference.Familiar} was found but does not provide the specified platform ({platform})");
        return new RemoteImage(registry, repository, named, manifest, bytes, config);
    }

    private static Descriptor Choose(ImageIndex index, Platform platform) =>
        index.Manifests!.Where(entry => entry.Platform is { } offered ? platform.Suits(offered) > 0 : index.Manifests!.Count == 1)
            .OrderByDescending(entry => entry.Platform is { } offered ? platform.Suits(offered) : 0).FirstOrDefault()
        ?? throw new EngineException(ErrorKind.NotFound, $"no matching manifest for {platform} in the manifest list entries");

    private static void Check(ImageReference reference, ImageManifest manifest)
    {
        var foreign = manifest.Layers!.Find(layer => !MediaTypes.IsLayer(layer.MediaType));
        if (foreign is not null)
            throw new EngineException(ErrorKind.InvalidArgument, $"{reference.Familiar} is no container image: it holds '{foreign.MediaType}'.");
        if (manifest.Layers.Count > LayersMax)
            throw new EngineException(ErrorKind.InvalidArgument, $"The image {reference.Familiar} has {manifest.Layers.Count} layers; {LayersMax} is the most.");
    }

    private static async Task<byte[]> ConfigAsync(RegistryClient registry, ContentStore content, string repository, Descriptor descriptor, CancellationToken cancel)
    {
        if (descriptor.Size > ConfigMax) throw new EngineException(ErrorKind.InvalidArgument, $"The image's configuration is larger than {ConfigMax >> 20} MiB.");
        if (content.TryRead(descriptor.Digest) is { } known) return known;
        await using var body = registry.OpenBlob(repository, descriptor, 0, cancel);
        var bytes = await Bounded.ReadAsync(body, ConfigMax, "image's configuration", cancel);
        return Digest.Of(bytes) == descriptor.Digest ? bytes
            : throw new EngineException(ErrorKind.Internal, $"The content {descriptor.Digest} is damaged: what came has the digest {Digest.Of(bytes)}.");
    }

    public static ImageConfig ParseConfig(byte[] bytes, Digest digest)
    {
        try
        {
            var config = JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageConfig);
            return config?.Rootfs?.DiffIds is { } diffIds && diffIds.TrueForAll(diffId => diffId.HasValue) ? config : throw new JsonException("it names no layers");
        }
        catch (JsonException malformed)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"The image's configuration {digest} is malformed: {malformed.Message}", malformed);
        }
    }
}
