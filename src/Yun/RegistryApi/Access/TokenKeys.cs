using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Yun.Protocol;

namespace Yun.RegistryApi.Access;

/// <summary>Keys that tokens are signed with: our own, which is kept in the data root so that tokens outlive a restart, or another issuer's, by its certificates.</summary>
internal sealed class TokenKeys : IDisposable
{
    private readonly ECDsa? _own;
    private readonly X509Certificate2Collection _certificates = [];

    private TokenKeys(ECDsa? own) => _own = own;

    public static TokenKeys Own(string path)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path)) key.ImportFromPem(File.ReadAllText(path));
        else
        {
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            file.Write(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));
            file.Flush(flushToDisk: true);
        }
        return new TokenKeys(key);
    }

    public static TokenKeys Of(string certificatesPath)
    {
        var keys = new TokenKeys(null);
        try { keys._certificates.ImportFromPemFile(certificatesPath); }
        catch (Exception unreadable) when (unreadable is IOException or CryptographicException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"Cannot read the token issuer's certificates in {certificatesPath}: {unreadable.Message}", unreadable);
        }
        return keys;
    }

    public string Sign(AccessToken token)
    {
        var text = Base64Url.EncodeToString("""{"typ":"JWT","alg":"ES256"}"""u8) + "." + Base64Url.EncodeToString(token.Write());
        return text + "." + Base64Url.EncodeToString(_own!.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256));
    }

    /// <summary>The token, if one of the keys signed it. When it is good and for what is the caller's to check.</summary>
    /// <exception cref="FormatException">It is malformed or somebody else's.</exception>
    public AccessToken Open(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3) throw new FormatException("the token has not three parts");
        using var header = ParseHeader(parts[0]);
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var signature = Base64Url.DecodeFromChars(parts[2]);
        // The algorithm is the key's own; what the header claims only has to be the same.
        var algorithm = header.RootElement.TryGetProperty("alg", out var named) ? named.GetString() : null;
        var valid = _own is not null
            ? algorithm == "ES256" && _own.VerifyData(signed, signature, HashAlgorithmName.SHA256)
            : Candidates(header.RootElement).Any(certificate => Verify(certificate, algorithm, signed, signature));
        return valid ? AccessToken.Parse(parts[1]) : throw new FormatException("the token's signature is wrong");
    }

    public void Dispose() => _own?.Dispose();

    private static JsonDocument ParseHeader(string text)
    {
        try { return JsonDocument.Parse(Base64Url.DecodeFromChars(text), new JsonDocumentOptions { MaxDepth = 8 }); }
        catch (JsonException malformed) { throw new FormatException("the token is malformed", malformed); }
    }

    /// <summary>The issuer's certificates, and one that the token brings if the issuer's vouch for it.</summary>
    private IEnumerable<X509Certificate2> Candidates(JsonElement header)
    {
        foreach (var certificate in _certificates) yield return certificate;
        if (!header.TryGetProperty("x5c", out var brought) || brought.ValueKind != JsonValueKind.Array || brought.GetArrayLength() == 0) yield break;
        using var leaf = X509CertificateLoader.LoadCertificate(brought[0].GetBytesFromBase64());
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(_certificates);
        foreach (var more in brought.EnumerateArray().Skip(1)) chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(more.GetBytesFromBase64()));
        if (chain.Build(leaf)) yield return leaf;
    }

    private static bool Verify(X509Certificate2 certificate, string? algorithm, byte[] signed, byte[] signature)
    {
        if (algorithm is not { Length: 5 }) return false;
        var hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, "512" => HashAlgorithmName.SHA512, _ => default };
        if (hash == default) return false;
        using var rsa = algorithm.StartsWith("RS", StringComparison.Ordinal) ? certificate.GetRSAPublicKey() : null;
        using var ecdsa = algorithm.StartsWith("ES", StringComparison.Ordinal) ? certificate.GetECDsaPublicKey() : null;
        return rsa?.VerifyData(signed, signature, hash, RSASignaturePadding.Pkcs1) ?? ecdsa?.VerifyData(signed, signature, hash) ?? false;
    }
}
