using System.Net;
using System.Net.Http.Headers;
using Yun.Protocol;

namespace Yun.Images.Registry;

/// <summary>
/// One user's talk with one registry (OCI distribution spec). Asks first and proves who it is when the registry says how, then keeps the proof for the same scope.
/// Credentials go to the registry's own host and to a token server of its site; a redirect to another host is followed without them.
/// </summary>
internal sealed partial class RegistryClient(RegistryConnections connections, string domain, RegistryAuth? auth)
{
    private const int RedirectsMax = 5;
    private readonly TokenSource _tokens = new(connections, domain, auth);

    private TimeSpan Stall => TimeSpan.FromSeconds(connections.Options.StallSeconds);

    /// <summary>The host and port that are asked.</summary>
    public string Host { get; } = RegistryAddress.HostOf(domain);

    /// <summary>Whether the registry takes the credentials.</summary>
    public async Task LoginAsync(CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Get, "/v2/", "", null, null, cancel);
    }

    /// <summary>Sends until the registry is convinced; answers other than success are thrown as <see cref="RegistryException"/>, but for 404 where <paramref name="missingIsFine"/>.</summary>
    /// <param name="target">A path on the registry, or a whole URL that the registry gave.</param>
    /// <param name="scope">What a token must allow: <c>repository:NAME:pull,push</c>.</param>
    /// <param name="content">Made anew for each try.</param>
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, string scope, Action<HttpRequestMessage>? prepare,
        Func<HttpContent>? content, CancellationToken cancel, bool missingIsFine = false)
    {
        var (_, scheme) = await OpenAsync(cancel);
        var home = new Uri($"{scheme}://{Host}");
        var url = new Uri(home, target);
        // Behind a proxy that ends TLS, a registry may call itself http.
        if (url.Authority == home.Authority && url.Scheme != home.Scheme) url = new UriBuilder(url) { Scheme = home.Scheme, Port = home.Port }.Uri;
        var (tries, redirects) = (0, 0);
        while (true)
        {
            using var request = new HttpRequestMessage(method, url) { Content = content?.Invoke() };
            prepare?.Invoke(request);
            var isHome = url.Scheme == home.Scheme && url.Authority == home.Authority;
            if (isHome) request.Headers.Authorization = await _tokens.ProofAsync(scope, cancel);
            var response = await SendOnceAsync(request, cancel);
            if (response.IsSuccessStatusCode) return response;
            using (response)
            {
                if (response.StatusCode == HttpStatusCode.NotFound && missingIsFine) return new HttpResponseMessage(HttpStatusCode.NotFound);
                if (response.StatusCode == HttpStatusCode.Unauthorized && isHome && ++tries == 1 && await _tokens.AnswerAsync(response, scope, cancel)) continue;
                if (response.Headers.Location is { } next && (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && content is null)
                {
                    if (++redirects > RedirectsMax) throw new EngineException(ErrorKind.Unavailable, $"The registry {Host} redirects without end.");
                    url = Redirected(url, next);
                    continue;
                }
                throw await RegistryErrors.ReadAsync(response, Stall, cancel);
            }
        }
    }

    private static Uri Redirected(Uri from, Uri location)
    {
        var to = new Uri(from, location);
        if (from.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps)
            throw new EngineException(ErrorKind.Forbidden, $"The registry {from.Authority} redirects to '{to.GetLeftPart(UriPartial.Authority)}', which is not encrypted.");
        // What listens on this machine alone trusts whoever reaches it.
        if (RegistryAddress.IsLoopback(to.Host) && !RegistryAddress.IsLoopback(from.Host))
            throw new EngineException(ErrorKind.Forbidden, $"The registry {from.Authority} redirects to this machine itself.");
        return to;
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // An upload takes as long as it takes while its bytes move; after the last one the registry has to answer.
        if (request.Content is UploadContent upload) upload.Sent = () => limit.CancelAfter(TimeSpan.FromSeconds(connections.Options.UploadAnswerSeconds));
        else limit.CancelAfter(Stall);
        try
        {
            return await connections.Open(request.RequestUri!).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (HttpRequestException failure)
        {
            throw RegistryConnections.Unreachable(request.RequestUri!.Authority, failure);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw RegistryConnections.Unreachable(request.RequestUri!.Authority, late);
        }
    }

    private async Task<(HttpClient, string Scheme)> OpenAsync(CancellationToken cancel)
    {
        try { return await connections.OpenAsync(Host, cancel); }
        catch (HttpRequestException failure) { throw RegistryConnections.Unreachable(Host, failure); }
    }

    private static string PullScope(string repository) => $"repository:{repository}:pull";

    private static string PushScope(string repository) => $"repository:{repository}:pull,push";

    private static void Accept(HttpRequestMessage request, params ReadOnlySpan<string> mediaTypes)
    {
        foreach (var mediaType in mediaTypes) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(mediaType));
    }
}
