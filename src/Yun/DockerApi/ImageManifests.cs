using Yun.DockerApi.Model;
using Yun.Images;
using Yun.Node;
using Yun.Oci;

namespace Yun.DockerApi;

/// <summary>What a name stands for, platform by platform, as the API shows it.</summary>
internal static class ImageManifests
{
    private const string AttestationType = "vnd.docker.reference.type", AttestationOf = "vnd.docker.reference.digest";

    /// <returns>What the name stands for in registries, and the manifests of it; one where it stands for one image, and none for an image that never was in a registry.</returns>
    public static (ContentDescriptor? Named, List<ManifestSummary> Manifests) Of(Engine engine, Image image)
    {
        if (engine.Images.IndexOf(image) is not { } index)
            return image.Manifest is { } own ? (Show(own), [Summarise(engine, own with { Platform = image.Platform }, image)]) : (null, []);
        return (Show(index.Descriptor), [.. index.Manifests.Select(entry => Summarise(engine, entry.Manifest, entry.Image))]);
    }

    private static ManifestSummary Summarise(Engine engine, Descriptor manifest, Image? image)
    {
        var isAttestation = manifest.Annotations?.GetValueOrDefault(AttestationType) == "attestation-manifest";
        var content = image is null ? 0 : engine.Images.ContentBytes(image);
        return new ManifestSummary
        {
            Id = manifest.Digest.ToString(),
            Descriptor = Show(manifest),
            Available = image is not null,
            Kind = isAttestation ? "attestation" : manifest.Platform is null ? "unknown" : "image",
            Size = new ManifestSize { Content = content, Total = content + (image?.SizeBytes ?? 0) },
            AttestationData = isAttestation ? new ManifestAttestationData { For = manifest.Annotations?.GetValueOrDefault(AttestationOf) ?? "" } : null,
            ImageData = isAttestation || manifest.Platform is not { } platform ? null : new ManifestImageData
            {
                Platform = Show(platform),
                Size = new ManifestImageSize { Unpacked = image?.SizeBytes ?? 0 },
                Containers = image is null ? [] : [.. engine.Images.UsersOf(image)],
            },
        };
    }

    private static ContentDescriptor Show(Descriptor descriptor) => new()
    {
        MediaType = descriptor.MediaType, Digest = descriptor.Digest.ToString(), Size = descriptor.Size, Annotations = descriptor.Annotations,
        Platform = descriptor.Platform is { } platform ? Show(platform) : null,
    };

    private static ContentPlatform Show(Platform platform) => new() { Architecture = platform.Architecture, Os = platform.Os, OsVersion = platform.OsVersion, Variant = platform.Variant };
}
