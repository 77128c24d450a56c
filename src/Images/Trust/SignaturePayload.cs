using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Oci;

namespace Yun.Images.Trust;

/// <summary>What is signed: that a manifest with this digest is an image of this name ("simple signing", as cosign writes it).</summary>
internal sealed record SignaturePayload
{
    public const string MediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
    public const string ArtifactType = "application/vnd.dev.cosign.artifact.sig.v1+json";
    public const string Annotation = "dev.cosignproject.cosign/signature";
    private const string SignatureType = "cosign container image signature";

    public CriticalPart? Critical { get; set; }
    public Dictionary<string, JsonElement>? Optional { get; set; }

    internal sealed record CriticalPart
    {
        public IdentityPart? Identity { get; set; }
        public ImagePart? Image { get; set; }
        public string? Type { get; set; }
    }

    internal sealed record IdentityPart([property: JsonPropertyName("docker-reference")] string? Reference);

    internal sealed record ImagePart([property: JsonPropertyName("docker-manifest-digest")] string? Digest);

    public static byte[] Write(string repository, Digest manifest) => JsonSerializer.SerializeToUtf8Bytes(
        new SignaturePayload { Critical = new CriticalPart { Identity = new IdentityPart(repository), Image = new ImagePart(manifest.ToString()), Type = SignatureType } }, SignatureJson.Default.SignaturePayload);

    /// <summary>Whether the bytes, which somebody signed, speak of this manifest.</summary>
    public static bool SpeaksOf(byte[] payload, Digest manifest)
    {
        try { return JsonSerializer.Deserialize(payload, SignatureJson.Default.SignaturePayload)?.Critical is { Type: SignatureType } critical && critical.Image?.Digest == manifest.ToString(); }
        catch (JsonException) { return false; }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, MaxDepth = 16)]
[JsonSerializable(typeof(SignaturePayload))]
internal sealed partial class SignatureJson : JsonSerializerContext;
