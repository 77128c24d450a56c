using System.Security.Cryptography;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Images.Trust;

/// <summary>A key that images are signed or verified with: ECDSA on P-256, as cosign makes them, or Ed25519; in PEM.</summary>
public sealed class SigningKey
{
    // SubjectPublicKeyInfo and PKCS #8 of Ed25519 differ from key to key in their last 32 bytes only (RFC 8410).
    private static readonly byte[] s_edwardsPublic = Convert.FromHexString("302a300506032b6570032100"), s_edwardsPrivate = Convert.FromHexString("302e020100300506032b657004220420");
    private readonly byte[] _der;
    private readonly bool _isPrivate, _isEdwards;

    private SigningKey(string name, byte[] der, bool isPrivate, bool isEdwards) => (Name, _der, _isPrivate, _isEdwards) = (name, der, isPrivate, isEdwards);

    /// <summary>Where it was read from, for people.</summary>
    public string Name { get; }

    /// <exception cref="EngineException">InvalidArgument: the file holds no such key.</exception>
    public static SigningKey Read(string path)
    {
        try { return Parse(path, File.ReadAllText(path)); }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException) { throw new EngineException(ErrorKind.InvalidArgument, $"Cannot read the key {path}: {unreadable.Message}", unreadable); }
    }

    public static SigningKey Parse(string name, string pem)
    {
        if (!PemEncoding.TryFind(pem, out var found)) throw Unusable(name, "it is not PEM");
        var (label, der) = (pem[found.Label], Convert.FromBase64String(pem[found.Base64Data]));
        switch (label)
        {
            case "PUBLIC KEY": break;
            case "PRIVATE KEY" or "EC PRIVATE KEY": break;
            case "ENCRYPTED SIGSTORE PRIVATE KEY" or "ENCRYPTED COSIGN PRIVATE KEY": throw Unusable(name, "it is encrypted by cosign; sign with cosign, or with a key made by openssl");
            default: throw Unusable(name, $"it holds a {label.ToLowerInvariant()}");
        }
        var isPrivate = label != "PUBLIC KEY";
        if (der.AsSpan().StartsWith(isPrivate ? s_edwardsPrivate : s_edwardsPublic)) return new SigningKey(name, der, isPrivate, isEdwards: true);
        using var key = ECDsa.Create();
        try { key.ImportFromPem(pem); }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException) { throw Unusable(name, "it is neither ECDSA nor Ed25519", wrong); }
        if (key.KeySize != 256) throw Unusable(name, $"its curve has {key.KeySize} bits where P-256 is expected");
        return new SigningKey(name, isPrivate ? key.ExportPkcs8PrivateKey() : key.ExportSubjectPublicKeyInfo(), isPrivate, isEdwards: false);
    }

    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (_isPrivate) throw Unusable(Name, "images are verified with the public key");
        if (_isEdwards) return Ed25519.Verify(_der, data, signature);
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_der, out _);
        return key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        if (!_isPrivate) throw Unusable(Name, "images are signed with the private key");
        if (_isEdwards) return Ed25519.Sign(_der, data);
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(_der, out _);
        return key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static EngineException Unusable(string name, string reason, Exception? cause = null) => new(ErrorKind.InvalidArgument, $"The key {name} cannot be used: {reason}.", cause);
}
