using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Yun.Protocol;
using Yun.RegistryApi;

namespace Yun.Daemon;

/// <summary>Mutual TLS, as dockerd's <c>--tlsverify</c>: who comes by TCP shows a certificate for clients that the given authority has signed, or is not let in.</summary>
internal static class ClientCertificates
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    /// <exception cref="EngineException">A file cannot be used.</exception>
    internal static void Require(ListenOptions listen, TlsFiles files)
    {
        var authority = Authority(files.Authority);
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = ServerCertificate.Read(files.Certificate, files.Key),
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, _) => IsSigned(certificate, authority),
            SslProtocols = System.Security.Authentication.SslProtocols.Tls12 | System.Security.Authentication.SslProtocols.Tls13,
        });
    }

    private static X509Certificate2Collection Authority(string path)
    {
        try
        {
            var authority = new X509Certificate2Collection();
            authority.ImportFromPemFile(path);
            return authority.Count > 0 ? authority : throw new CryptographicException("there is no certificate in it");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"Cannot use {path} as who signs clients' certificates: {unreadable.Message}", unreadable);
        }
    }

    // None of the machine's own authorities counts.
    private static bool IsSigned(X509Certificate2 certificate, X509Certificate2Collection authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ForClients));
        return chain.Build(certificate);
    }
}
