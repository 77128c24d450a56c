using System.Text;
using System.Text.Json;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Trust;

/// <summary>
/// Signatures of images, kept in the registry beside them: a manifest whose layers are signed statements. cosign finds it under the tag <c>sha256-HEX.sig</c> or as a referrer of
/// the image; both are read here, and what is signed here is both.
/// </summary>
public sealed class ImageSignatures : IDisposable
{
    private const int PayloadMax = 64 * 1024, CandidatesMax = 50;
    // What cosign writes: a configuration that says nothing.
    private const string Config = """{"architecture":"","created":"0001-01-01T00:00:00Z","history":[{"created":"0001-01-01T00:00:00Z"}],"os":"","rootfs":{"type":"layers","diff_ids":["DIGEST"]},"config":{}}""";
    private readonly RegistryConnections _connections;
    private readonly bool _ownsConnections;

    public ImageSignatures(RegistryOptions options) => (_connections, _ownsConnections) = (new RegistryConnections(options), true);

    internal ImageSignatures(RegistryConnections connections) => _connections = connections;

    /// <summary>Signs what the name stands for now; gives the digest that was signed.</summary>
    public async Task<Digest> SignAsync(ImageReference reference, RegistryAuth? auth, SigningKey key, CancellationToken cancel = default)
    {
        try
        {
            var registry = new RegistryClient(_connections, reference.Domain, auth);
            var image = (await registry.GetManifestAsync(reference.Path, ReferenceOf(reference), cancel)).Descriptor;
            var payload = SignaturePayload.Write(reference.Name, image.Digest);
            var layer = new Descriptor
            {
                MediaType = SignaturePayload.MediaType, Digest = Digest.Of(payload), Size = payload.Length,
                Annotations = new() { [SignaturePayload.Annotation] = Convert.ToBase64String(key.Sign(payload)) },
            };
            // Others' signatures of the same image stay.
            var before = await FindAsync(registry, reference.Path, TagOf(image.Digest), cancel);
            var config = Encoding.UTF8.GetBytes(Config.Replace("DIGEST", layer.Digest.ToString(), StringComparison.Ordinal));
            await PutAsync(registry, reference.Path, payload, cancel);
            await PutAsync(registry, reference.Path, config, cancel);
            var manifest = JsonSerializer.SerializeToUtf8Bytes(new ImageManifest
            {
                MediaType = MediaTypes.OciManifest, ArtifactType = SignaturePayload.ArtifactType, Subject = image,
                Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = Digest.Of(config), Size = config.Length }, Layers = [.. before?.Layers ?? [], layer],
            }, ImageJson.Default.ImageManifest);
            await registry.PutManifestAsync(reference.Path, TagOf(image.Digest), MediaTypes.OciManifest, manifest, cancel);
            return image.Digest;
        }
        catch (RegistryException refused)
        {
            throw RegistryErrors.Other(refused);
        }
    }

    /// <summary>The digest that the name stands for, if one of the keys has signed it.</summary>
    /// <exception cref="EngineException">Forbidden: none has.</exception>
    public async Task<Digest> VerifyAsync(ImageReference reference, RegistryAuth? auth, IReadOnlyList<SigningKey> keys, CancellationToken cancel = default)
    {
        try
        {
            var registry = new RegistryClient(_connections, reference.Domain, auth);
            var digest = (await registry.GetManifestAsync(reference.Path, ReferenceOf(reference), cancel)).Descriptor.Digest;
            return await IsSignedAsync(registry, reference.Path, digest, keys, cancel) ? digest : throw Unsigned(reference, keys);
        }
        catch (RegistryException refused)
        {
            throw RegistryErrors.Pulling(reference, refused);
        }
    }

    internal static EngineException Unsigned(ImageReference reference, IReadOnlyList<SigningKey> keys) =>
        new(ErrorKind.Forbidden, $"The image {reference.Familiar} has no signature by {string.Join(" or ", keys.Select(key => key.Name))}.");

    internal static async Task<bool> IsSignedAsync(RegistryClient registry, string repository, Digest image, IReadOnlyList<SigningKey> keys, CancellationToken cancel)
    {
        var candidates = (await registry.ListReferrersAsync(repository, image, SignaturePayload.ArtifactType, cancel)).Select(referrer => referrer.Digest.ToString()).Prepend(TagOf(image));
        foreach (var candidate in candidates.Take(CandidatesMax))
        {
            foreach (var layer in (await FindAsync(registry, repository, candidate, cancel))?.Layers?.Take(CandidatesMax) ?? [])
                if (await ProvesAsync(registry, repository, layer, image, keys, cancel)) return true;
        }
        return false;
    }

    public void Dispose()
    {
        if (_ownsConnections) _connections.Dispose();
    }

    private static async Task<bool> ProvesAsync(RegistryClient registry, string repository, Descriptor layer, Digest image, IReadOnlyList<SigningKey> keys, CancellationToken cancel)
    {
        if (layer.MediaType != SignaturePayload.MediaType || layer.Size > PayloadMax || layer.Annotations?.GetValueOrDefault(SignaturePayload.Annotation) is not { } text) return false;
        var signature = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, signature, out var length)) return false;
        await using var body = registry.OpenBlob(repository, layer, 0, cancel);
        var payload = await Bounded.ReadAsync(body, PayloadMax, "signed statement", cancel);
        // The signature first: what nobody vouches for is not even read.
        return keys.Any(key => key.Verify(payload, signature.AsSpan(0, length))) && SignaturePayload.SpeaksOf(payload, image);
    }

    private static async Task<ImageManifest?> FindAsync(RegistryClient registry, string repository, string reference, CancellationToken cancel)
    {
        try { return (await registry.GetManifestAsync(repository, reference, cancel)).Manifest; }
        catch (RegistryException missing) when (missing.Status == System.Net.HttpStatusCode.NotFound) { return null; }
    }

    private static async Task PutAsync(RegistryClient registry, string repository, byte[] content, CancellationToken cancel)
    {
        if (!await registry.HasBlobAsync(repository, Digest.Of(content), cancel))
            await registry.PutBlobAsync(repository, Digest.Of(content), content.Length, () => new MemoryStream(content, writable: false), _ => { }, cancel);
    }

    private static string ReferenceOf(ImageReference reference) => reference.Digest?.ToString() ?? reference.WithDefaultTag().Tag!;

    private static string TagOf(Digest image) => $"sha256-{image.Hex}.sig";
}
