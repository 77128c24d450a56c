using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Images.Registry;

/// <summary>The distribution's docker-registry on a free port of loopback, with the accounts and the certificate a test wants.</summary>
public sealed class ReferenceRegistry : IAsyncDisposable
{
    public const string User = "sailor", Password = "ahoy";

    /// <summary>What htpasswd -B makes of <see cref="User"/> and <see cref="Password"/>.</summary>
    public const string PasswordLine = "sailor:$2y$05$P4sK9sZjDVht3HdfVLamfuIlCquZp65QCKmer3hrTCXgDF9ORMcz6";

    private readonly ScratchFolder _folder = new();
    private readonly Process _process;

    private ReferenceRegistry(string auth, TestCertificate? certificate, int? port)
    {
        Port = port ?? LoopbackPort.Free();
        Scheme = certificate is null ? "http" : "https";
        var tls = "";
        if (certificate is not null)
        {
            _folder.Write("server.crt", certificate.Pem);
            _folder.Write("server.key", certificate.KeyPem);
            tls = $", tls: {{ certificate: {_folder["server.crt"]}, key: {_folder["server.key"]} }}";
        }
        _folder.Write("htpasswd", PasswordLine + "\n");
        _folder.Write("config.yml", $$"""
            version: 0.1
            log: { level: error, accesslog: { disabled: true } }
            storage: { filesystem: { rootdirectory: {{_folder["blobs"]}} }, delete: { enabled: true } }
            http: { addr: "127.0.0.1:{{Port}}"{{tls}} }
            {{auth.Replace("FOLDER", _folder.Path, StringComparison.Ordinal)}}
            """);
        _process = new Command(TestTools.Registry, "serve", _folder["config.yml"]).Start();
    }

    public int Port { get; }
    public string Scheme { get; }
    public string Address => $"127.0.0.1:{Port}";
    public Uri Url => new($"{Scheme}://{Address}");

    /// <summary>Where it keeps what it has been given.</summary>
    public string Blobs => _folder["blobs"];

    public static Task<ReferenceRegistry> StartAsync(TestCertificate? certificate = null, int? port = null) => StartAsync("", certificate, port);

    public static Task<ReferenceRegistry> StartWithPasswordsAsync() => StartAsync("auth: { htpasswd: { realm: test, path: FOLDER/htpasswd } }", null);

    public static Task<ReferenceRegistry> StartWithTokensAsync(TokenIssuer issuer) => StartAsync(
        $"auth: {{ token: {{ realm: \"{issuer.Realm}\", service: \"{TokenIssuer.Service}\", issuer: \"{TokenIssuer.Name}\", rootcertbundle: {issuer.CertificatePath} }} }}", null);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static async Task<ReferenceRegistry> StartAsync(string auth, TestCertificate? certificate, int? port = null)
    {
        var registry = new ReferenceRegistry(auth, certificate, port);
        await Eventually.HoldsAsync(async () =>
        {
            if (registry._process.HasExited) Assert.Fail($"docker-registry ended: {await registry._process.StandardError.ReadToEndAsync()}");
            using var probe = new TcpClient();
            try { await probe.ConnectAsync(IPAddress.Loopback, registry.Port); }
            catch (SocketException) { return false; }
            return true;
        });
        return registry;
    }
}
