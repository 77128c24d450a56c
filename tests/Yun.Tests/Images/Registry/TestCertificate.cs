using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Yun.Tests.Images.Registry;

/// <summary>A server's certificate for loopback, signed by an issuer that nobody trusts unasked.</summary>
public sealed class TestCertificate
{
    public TestCertificate(string dnsName = "localhost", bool withAddress = true)
    {
        using var issuerKey = RSA.Create(2048);
        var issuer = new CertificateRequest("CN=Test issuer", issuerKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        issuer.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        issuer.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        issuer.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(issuer.PublicKey, false));
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var root = issuer.CreateSelfSigned(from, until);
        IssuerPem = root.ExportCertificatePem();
        IssuerKeyPem = issuerKey.ExportPkcs8PrivateKeyPem();

        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=registry", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(dnsName);
        if (withAddress) names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        using var signed = request.Create(root, from, until, RandomNumberGenerator.GetBytes(8));
        Pem = signed.ExportCertificatePem() + "\n";
        KeyPem = key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    public string Pem { get; }
    public string KeyPem { get; }
    public string IssuerPem { get; }
    public string IssuerKeyPem { get; }
}
