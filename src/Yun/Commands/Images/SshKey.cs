using System.Numerics;
using System.Security.Cryptography;
using Yun.Linux;

namespace Yun.Commands.Images;

/// <summary>A private key for SSH, as ssh-keygen and openssl write it: Ed25519, RSA, or ECDSA.</summary>
internal sealed class SshKey
{
    private const string Magic = "openssh-key-v1\0", EdwardsType = "ssh-ed25519", RsaType = "ssh-rsa", EllipticPrefix = "ecdsa-sha2-";
    // Of the agent's protocol: which hash a signature by RSA is to have.
    private const uint WantsSha256 = 2, WantsSha512 = 4;
    private static readonly byte[] s_edwardsPrefix = Convert.FromHexString("302e020100300506032b657004220420");

    private readonly Signing _sign;

    private SshKey(string comment, byte[] blob, Signing sign) => (Comment, Blob, _sign) = (comment, blob, sign);

    private delegate byte[] Signing(ReadOnlySpan<byte> data, uint flags);

    public string Comment { get; }

    /// <summary>The public key.</summary>
    public byte[] Blob { get; }

    /// <summary>The signature with its type before it.</summary>
    /// <param name="flags">Of the agent's protocol.</param>
    public byte[] Sign(ReadOnlySpan<byte> data, uint flags) => _sign(data, flags);

    /// <exception cref="FormatException">It is no such key, or needs a passphrase.</exception>
    public static SshKey Parse(string comment, string pem)
    {
        if (!PemEncoding.TryFind(pem, out var found))
            throw new FormatException(pem.Contains("ENCRYPTED", StringComparison.Ordinal) ? "it has a passphrase" : "it is not PEM");
        var der = Convert.FromBase64String(pem[found.Base64Data]);
        switch (pem[found.Label])
        {
            case "OPENSSH PRIVATE KEY": return ParseOpenSsh(comment, der);
            case "RSA PRIVATE KEY": return OfRsa(comment, Imported(RSA.Create(), pem));
            case "EC PRIVATE KEY": return OfElliptic(comment, Imported(ECDsa.Create(), pem));
            case "PRIVATE KEY" when der.AsSpan().StartsWith(s_edwardsPrefix): return OfEdwards(comment, der[s_edwardsPrefix.Length..], null);
            case "PRIVATE KEY":
                try { return OfRsa(comment, Imported(RSA.Create(), pem)); }
                catch (FormatException) { return OfElliptic(comment, Imported(ECDsa.Create(), pem)); }
            case "ENCRYPTED PRIVATE KEY": throw new FormatException("it has a passphrase");
            case var label: throw new FormatException($"it holds a {label.ToLowerInvariant()}");
        }
    }

    // PROTOCOL.key of OpenSSH.
    private static SshKey ParseOpenSsh(string comment, byte[] bytes)
    {
        var magic = System.Text.Encoding.ASCII.GetBytes(Magic);
        if (!bytes.AsSpan().StartsWith(magic)) throw new FormatException("it is not of OpenSSH's form");
        var outer = new SshReader(bytes.AsSpan(magic.Length));
        var cipher = outer.Text();
        if (cipher != "none") throw new FormatException("it has a passphrase");
        outer.Bytes();
        outer.Bytes();
        if (outer.Number() != 1) throw new FormatException("it holds several keys");
        outer.Bytes();
        var key = new SshReader(outer.Bytes());
        if (key.Number() != key.Number()) throw new FormatException("it is damaged");
        switch (key.Text())
        {
            case EdwardsType:
                var point = key.Bytes().ToArray();
                return OfEdwards(comment, key.Bytes()[..32].ToArray(), point);
            case RsaType:
                var (n, e, d, inverse, p, q) = (key.Integer(), key.Integer(), key.Integer(), key.Integer(), key.Integer(), key.Integer());
                var (size, half) = (n.GetByteCount(isUnsigned: true), (n.GetByteCount(isUnsigned: true) + 1) / 2);
                var rsa = RSA.Create();
                Import(() => rsa.ImportParameters(new RSAParameters
                {
                    Modulus = Sized(n, size), Exponent = Sized(e, e.GetByteCount(isUnsigned: true)), D = Sized(d, size), P = Sized(p, half), Q = Sized(q, half),
                    DP = Sized(d % (p - 1), half), DQ = Sized(d % (q - 1), half), InverseQ = Sized(inverse, half),
                }));
                return OfRsa(comment, rsa);
            case var type when type.StartsWith(EllipticPrefix, StringComparison.Ordinal):
                var curve = CurveOf(key.Text());
                var coordinates = key.Bytes()[1..];
                var length = coordinates.Length / 2;
                var parameters = new ECParameters { Curve = curve, Q = new ECPoint { X = coordinates[..length].ToArray(), Y = coordinates[length..].ToArray() }, D = Sized(key.Integer(), length) };
                var elliptic = ECDsa.Create();
                Import(() => elliptic.ImportParameters(parameters));
                return OfElliptic(comment, elliptic);
            case var other: throw new FormatException($"it is a key of the type {other}");
        }
    }

    private static SshKey OfEdwards(string comment, byte[] seed, byte[]? point)
    {
        byte[] der = [.. s_edwardsPrefix, .. seed];
        point ??= Ed25519.PublicOf(der);
        return new SshKey(comment, new SshWriter().Text(EdwardsType).Bytes(point).ToArray(), (data, _) => new SshWriter().Text(EdwardsType).Bytes(Ed25519.Sign(der, data)).ToArray());
    }

    private static SshKey OfRsa(string comment, RSA rsa)
    {
        var key = rsa.ExportParameters(includePrivateParameters: false);
        return new SshKey(comment, new SshWriter().Text(RsaType).Integer(key.Exponent).Integer(key.Modulus).ToArray(), (data, flags) =>
        {
            var (type, hash) = (flags & WantsSha512) != 0 ? ("rsa-sha2-512", HashAlgorithmName.SHA512) : (flags & WantsSha256) != 0 ? ("rsa-sha2-256", HashAlgorithmName.SHA256) : (RsaType, HashAlgorithmName.SHA1);
            return new SshWriter().Text(type).Bytes(rsa.SignData(data.ToArray(), hash, RSASignaturePadding.Pkcs1)).ToArray();
        });
    }

    private static SshKey OfElliptic(string comment, ECDsa elliptic)
    {
        var point = elliptic.ExportParameters(includePrivateParameters: false).Q;
        var (curve, hash) = elliptic.KeySize switch
        {
            256 => ("nistp256", HashAlgorithmName.SHA256),
            384 => ("nistp384", HashAlgorithmName.SHA384),
            521 => ("nistp521", HashAlgorithmName.SHA512),
            var bits => throw new FormatException($"its curve has {bits} bits"),
        };
        byte[] coordinates = [4, .. point.X!, .. point.Y!];
        return new SshKey(comment, new SshWriter().Text(EllipticPrefix + curve).Text(curve).Bytes(coordinates).ToArray(), (data, _) =>
        {
            var both = elliptic.SignData(data, hash);
            var pair = new SshWriter().Integer(both.AsSpan(0, both.Length / 2)).Integer(both.AsSpan(both.Length / 2)).ToArray();
            return new SshWriter().Text(EllipticPrefix + curve).Bytes(pair).ToArray();
        });
    }

    private static ECCurve CurveOf(string name) => name switch
    {
        "nistp256" => ECCurve.NamedCurves.nistP256,
        "nistp384" => ECCurve.NamedCurves.nistP384,
        "nistp521" => ECCurve.NamedCurves.nistP521,
        _ => throw new FormatException($"its curve is {name}"),
    };

    private static T Imported<T>(T algorithm, string pem) where T : AsymmetricAlgorithm
    {
        // What the older form encrypts says so in lines of its own, which belong to no PEM that can be read here.
        Import(() => algorithm.ImportFromPem(pem));
        return algorithm;
    }

    private static void Import(Action import)
    {
        try { import(); }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException) { throw new FormatException($"it cannot be read ({wrong.Message})", wrong); }
    }

    private static byte[] Sized(BigInteger number, int bytes)
    {
        var (sized, shortest) = (new byte[bytes], number.ToByteArray(isUnsigned: true, isBigEndian: true));
        if (shortest.Length > bytes) throw new FormatException("its numbers do not fit together");
        shortest.CopyTo(sized, bytes - shortest.Length);
        return sized;
    }
}
