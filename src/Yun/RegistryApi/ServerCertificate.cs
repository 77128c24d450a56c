using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Yun.Protocol;

namespace Yun.RegistryApi;

/// <summary>What the registry shows to its clients: a certificate that was given, or one that it signs itself and keeps.</summary>
internal static class ServerCertificate
{
    private const int YearsValid = 5;

    public static X509Certificate2 Read(string certificatePath, string keyPath)
    {
        try { return X509Certificate2.CreateFromPemFile(certificatePath, keyPath); }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"Cannot use the certificate {certificatePath} with the key {keyPath}: {unreadable.Message}", unreadable);
        }
    }

    /// <summary>Made once, and the same after a restart, so that who has noted its fingerprint finds it again.</summary>
    public static X509Certificate2 OwnIn(string directory, IPAddress address)
    {
        var (certificatePath, keyPath) = (Path.Combine(directory, "registry.crt"), Path.Combine(directory, "registry.key"));
        if (File.Exists(certificatePath) && File.Exists(keyPath) && Read(certificatePath, keyPath) is var kept && kept.NotAfter > DateTime.Now) return kept;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=yun registry on {Environment.MachineName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        if (Uri.CheckHostName(Environment.MachineName) == UriHostNameType.Dns) names.AddDnsName(Environment.MachineName);
        foreach (var ip in new HashSet<IPAddress> { IPAddress.Loopback, IPAddress.IPv6Loopback, address }) names.AddIpAddress(ip);
        request.CertificateExtensions.Add(names.Build());
        // A client can be told to trust it as it would an issuer.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddYears(YearsValid));
        Save(keyPath, key.ExportPkcs8PrivateKeyPem(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Save(certificatePath, made.ExportCertificatePem(), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return Read(certificatePath, keyPath);
    }

    /// <summary>As openssl prints it: SHA-256 in pairs of hex digits.</summary>
    public static string FingerprintOf(X509Certificate2 certificate) => string.Join(':', Convert.ToHexString(SHA256.HashData(certificate.RawData)).Chunk(2).Select(pair => new string(pair)));

    private static void Save(string path, string pem, UnixFileMode mode)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            file.Write(Encoding.ASCII.GetBytes(pem + "\n"));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }
}
