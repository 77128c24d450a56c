using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Yun.Oci;

/// <summary>A sha256 content digest, <c>sha256:</c> and 64 lower-case hex digits (OCI image spec, descriptor.md). No other algorithm is accepted, so a digest is safe in a path.</summary>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly record struct Digest
{
    private const string Prefix = "sha256:";
    private const int Length = 7 + 64;
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");
    private readonly string? _text;

    private Digest(string text) => _text = text;

    /// <summary>The 64 hex digits without the algorithm; what a file in the content store is called.</summary>
    public string Hex => ToString()[Prefix.Length..];

    /// <summary>The first 12 hex digits, as Docker shows them.</summary>
    public string Short => Hex[..12];

    /// <summary>False for <c>default</c>, which stands for no digest.</summary>
    public bool HasValue => _text is not null;

    /// <exception cref="FormatException">The text is not a sha256 digest.</exception>
    public static Digest Parse(string text) => TryParse(text, out var digest) ? digest : throw new FormatException($"'{Shown(text)}' is not a sha256 digest.");

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        var valid = text is { Length: Length } && text.StartsWith(Prefix, StringComparison.Ordinal) && !text.AsSpan(Prefix.Length).ContainsAnyExcept(s_hex);
        digest = valid ? new Digest(text!) : default;
        return valid;
    }

    /// <summary>The digest of these bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> content) => FromHash(SHA256.HashData(content));

    /// <param name="hash">The 32 bytes of a finished SHA-256.</param>
    public static Digest FromHash(ReadOnlySpan<byte> hash) => new(Prefix + Convert.ToHexStringLower(hash));

    public override string ToString() => _text ?? throw new InvalidOperationException("This digest was never set.");

    private static string Shown(string? text) => text is null ? "" : text.Length <= 100 ? text : text[..100] + "…";
}

/// <summary>Public, because generated JSON code of other projects makes one.</summary>
public sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out var digest) ? digest : throw new JsonException($"'{reader.GetString()}' is not a sha256 digest.");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
