using System.Text.Json;
using Yun.Images.Registry;
using Yun.Images.Transfers;
using Yun.Images.Trust;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

/// <summary>What a registry keeps that is no image: one blob under a name (OCI image spec, "Guidelines for Artifact Usage").</summary>
/// <param name="Type">The media type that says what the artifact is.</param>
/// <param name="BlobType">That of its one blob.</param>
public sealed record ArtifactKind(string Type, string BlobType);

public sealed partial class ImageStore
{
    private const string EmptyType = "application/vnd.oci.empty.v1+json";

    /// <summary>Uploads a blob, if the registry lacks it, and gives it the name.</summary>
    /// <param name="open">Its bytes, for each try.</param>
    public async Task<PushedImage> PushArtifactAsync(ImageReference reference, ArtifactKind kind, Descriptor blob, Func<Stream> open, RegistryAuth? auth, IProgress<TransferProgress> progress, CancellationToken cancel)
    {
        reference = reference.WithDefaultTag();
        if (reference.Digest is not null) throw new EngineException(ErrorKind.InvalidArgument, "cannot push a digest reference");
        progress.Report(new TransferProgress($"The push refers to repository [{reference.Name}]"));
        var registry = new RegistryClient(_registries, reference.Domain, auth);
        var empty = "{}"u8.ToArray();
        try
        {
            if (!await registry.HasBlobAsync(reference.Path, Digest.Of(empty), cancel))
                await registry.PutBlobAsync(reference.Path, Digest.Of(empty), empty.Length, () => new MemoryStream(empty, writable: false), _ => { }, cancel);
            if (!await registry.HasBlobAsync(reference.Path, blob.Digest, cancel))
                await registry.PutBlobAsync(reference.Path, blob.Digest, blob.Size, open, new StepProgress(progress, "Pushing", blob.Digest.Short, blob.Size).At, cancel);
            progress.Report(new TransferProgress("Pushed", blob.Digest.Short, HasDetail: true));
            var manifest = new ImageManifest
            {
                MediaType = MediaTypes.OciManifest, ArtifactType = kind.Type, Config = new Descriptor { MediaType = EmptyType, Digest = Digest.Of(empty), Size = empty.Length }, Layers = [blob with { MediaType = kind.BlobType }],
            };
            var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, ImageJson.Default.ImageManifest);
            await registry.PutManifestAsync(reference.Path, reference.Tag!, MediaTypes.OciManifest, bytes, cancel);
            progress.Report(new TransferProgress($"{reference.Tag}: digest: {Digest.Of(bytes)} size: {bytes.Length}"));
            return new PushedImage(reference.Tag!, Digest.Of(bytes), bytes.Length);
        }
        catch (RegistryException refused) { throw RegistryErrors.Other(refused); }
    }

    /// <summary>Opens the blob of an artifact. Who reads it checks it against the descriptor's digest; the size is kept to.</summary>
    /// <exception cref="EngineException">InvalidArgument: it is an image, or another kind of artifact. Forbidden: the trust policy does not let it in.</exception>
    public async Task<(Stream Blob, Descriptor Descriptor)> OpenArtifactAsync(ImageReference reference, ArtifactKind kind, RegistryAuth? auth, CancellationToken cancel)
    {
        reference = reference.WithDefaultTag();
        var registry = new RegistryClient(_registries, reference.Domain, auth);
        try
        {
            var fetched = await registry.GetManifestAsync(reference.Path, reference.Digest?.ToString() ?? reference.Tag!, cancel);
            if (fetched.Manifest is not { Layers: [{ } blob] } manifest || manifest.ArtifactType != kind.Type || blob.MediaType != kind.BlobType)
                throw new EngineException(ErrorKind.InvalidArgument, $"{reference.Familiar} is {fetched.Manifest?.ArtifactType ?? "an image"}, not {kind.Type}.");
            if (Trust.Find(reference) is { WarnOnly: false } rule)
            {
                if (rule.Require == TrustRequirement.Digest && reference.Digest is null) throw new EngineException(ErrorKind.Forbidden, $"{reference.Familiar} is taken by its digest only: pull {reference.FamiliarName}@{fetched.Descriptor.Digest} if that is the one you mean.");
                if (rule.Require == TrustRequirement.Signature && !await ImageSignatures.IsSignedAsync(registry, reference.Path, fetched.Descriptor.Digest, Trust.KeysOf(rule), cancel)) throw ImageSignatures.Unsigned(reference, Trust.KeysOf(rule));
            }
            return (registry.OpenBlob(reference.Path, blob, 0, cancel), blob);
        }
        catch (RegistryException refused) { throw RegistryErrors.Pulling(reference, refused); }
    }
}
