using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Yun.Protocol;

namespace Yun.Images.Registry;

/// <summary>
/// HTTP to registries, one pool of connections for each host. TLS is checked, always, but for hosts that the options list. Plain HTTP is spoken only to listed hosts and to
/// this machine itself, and only where nothing speaks TLS there: a wrong certificate is never answered by going on without one.
/// </summary>
internal sealed class RegistryConnections(RegistryOptions options) : IDisposable
{
    private static readonly TimeSpan s_connectMax = TimeSpan.FromSeconds(15);
    private readonly ConcurrentDictionary<string, Host> _hosts = new();

    private RegistryOptions _options = options;

    /// <summary>Changed ones are for connections made from now on; those of transfers under way go on.</summary>
    public RegistryOptions Options
    {
        get => _options;
        set
        {
            _options = value;
            _hosts.Clear();
        }
    }

    /// <summary>A client for a host, and the scheme that it answers.</summary>
    public async Task<(HttpClient Client, string Scheme)> OpenAsync(string host, CancellationToken cancel)
    {
        var known = _hosts.GetOrAdd(host, name => new Host(name, this));
        return (known.Client, await known.SchemeAsync(cancel));
    }

    /// <summary>A client for a URL that a registry pointed to. Its scheme stands, and must be one we would speak there.</summary>
    public HttpClient Open(Uri url)
    {
        var host = url.Authority;
        if (url.Scheme != Uri.UriSchemeHttps && !(url.Scheme == Uri.UriSchemeHttp && MayBePlain(host)))
            throw new EngineException(ErrorKind.Forbidden, $"A registry points to '{url.GetLeftPart(UriPartial.Authority)}', which is not encrypted.");
        return _hosts.GetOrAdd(host, name => new Host(name, this)).Client;
    }

    public void Dispose()
    {
        foreach (var host in _hosts.Values) host.Client.Dispose();
    }

    /// <summary>One line for a failed connection: what could not be reached and why.</summary>
    public static EngineException Unreachable(string host, Exception failure)
    {
        var reason = failure;
        while (reason.InnerException is { } inner && reason is not OperationCanceledException) reason = inner;
        var text = reason is OperationCanceledException or TimeoutException ? "it does not answer" : reason.Message.TrimEnd('.');
        return new EngineException(ErrorKind.Unavailable, $"The registry {host} cannot be reached: {char.ToLowerInvariant(text[0])}{text[1..]}.", failure);
    }

    private bool IsInsecure(string host) => RegistryAddress.IsListed(Options.Insecure, host);

    private bool MayBePlain(string host) => RegistryAddress.IsLoopback(host) || IsInsecure(host);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose of.")]
    private sealed class Host
    {
        private readonly string _name;
        private readonly RegistryConnections _all;
        private readonly SemaphoreSlim _asking = new(1, 1);
        private volatile string? _scheme;
        private volatile bool _sawCertificate;

        public Host(string name, RegistryConnections all)
        {
            (_name, _all) = (name, all);
            var handler = new SocketsHttpHandler
            {
                // Redirects are followed by the caller, who leaves credentials behind.
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = s_connectMax,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                UseProxy = !RegistryAddress.IsLoopback(name),
                MaxResponseHeadersLength = 64,
            };
            handler.SslOptions.RemoteCertificateValidationCallback = Check;
            if (Certificates("*.cert") is [var certificate, ..] && File.Exists(Path.ChangeExtension(certificate, ".key")))
                handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, Path.ChangeExtension(certificate, ".key"))];
            Client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
            Client.DefaultRequestHeaders.UserAgent.ParseAdd("yun/0.1");
        }

        public HttpClient Client { get; }

        public async Task<string> SchemeAsync(CancellationToken cancel)
        {
            if (_scheme is { } known) return known;
            if (!_all.MayBePlain(_name)) return _scheme = Uri.UriSchemeHttps;
            await _asking.WaitAsync(cancel);
            try
            {
                return _scheme ??= await AskAsync(cancel);
            }
            finally
            {
                _asking.Release();
            }
        }

        private async Task<string> AskAsync(CancellationToken cancel)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(_all.Options.StallSeconds));
            try
            {
                using var response = await Client.GetAsync(new Uri($"https://{_name}/v2/"), HttpCompletionOption.ResponseHeadersRead, limit.Token);
                return Uri.UriSchemeHttps;
            }
            // Where nobody listens, plain HTTP would not be heard either, and who listens there later may speak TLS.
            catch (HttpRequestException failure) when (!_sawCertificate && failure.InnerException is not System.Net.Sockets.SocketException)
            {
                return Uri.UriSchemeHttp;
            }
            catch (HttpRequestException) when (!_sawCertificate && !RegistryAddress.HasPort(_name))
            {
                return Uri.UriSchemeHttp;
            }
            catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                throw Unreachable(_name, failure);
            }
        }

        private bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            _sawCertificate = true;
            if (errors == SslPolicyErrors.None || _all.IsInsecure(_name)) return true;
            if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is not X509Certificate2 presented) return false;
            // The name is right and the issuer unknown: an issuer kept for this host in certs.d is as good.
            var issuers = Certificates("*.crt");
            if (issuers.Length == 0) return false;
            using var own = new X509Chain();
            own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            foreach (var issuer in issuers) own.ChainPolicy.CustomTrustStore.ImportFromPemFile(issuer);
            if (chain is not null)
                foreach (var element in chain.ChainElements) own.ChainPolicy.ExtraStore.Add(element.Certificate);
            return own.Build(presented);
        }

        private string[] Certificates(string pattern)
        {
            var directory = Path.Combine(_all.Options.CertificatesDirectory, _name);
            return Directory.Exists(directory) ? [.. Directory.EnumerateFiles(directory, pattern).Order(StringComparer.Ordinal)] : [];
        }
    }
}
