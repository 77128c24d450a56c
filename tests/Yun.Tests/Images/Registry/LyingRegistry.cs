using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Yun.Tests.Images.Registry;

/// <summary>Stands in front of a real registry and passes everything on, but for what a test makes it do otherwise.</summary>
public sealed class LyingRegistry : IAsyncDisposable
{
    private readonly HttpClient _real = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private LoopbackServer _server = null!;

    public string Address => _server.Address;

    /// <summary>Sees every request first; true when it has answered.</summary>
    public Func<HttpContext, Task<bool>> Answer { get; set; } = _ => Task.FromResult(false);

    /// <summary>Sees every blob before it is sent, with the answer's headers set; true when it has answered.</summary>
    public Func<HttpContext, byte[], Task<bool>> Blob { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>Blobs that were asked for, and from which byte on.</summary>
    public ConcurrentQueue<(string Path, long From)> BlobRequests { get; } = [];

    public ConcurrentQueue<(string Method, string Path)> Requests { get; } = [];

    public static async Task<LyingRegistry> StartAsync(ReferenceRegistry real)
    {
        var lying = new LyingRegistry();
        lying._server = await LoopbackServer.StartAsync(context => lying.HandleAsync(context, real.Url));
        return lying;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _real.Dispose();
    }

    private async Task HandleAsync(HttpContext context, Uri real)
    {
        var (request, response) = (context.Request, context.Response);
        Requests.Enqueue((request.Method, request.Path));
        var isBlob = request.Method == "GET" && request.Path.Value!.Contains("/blobs/sha256:", StringComparison.Ordinal);
        if (isBlob) BlobRequests.Enqueue((request.Path, request.GetTypedHeaders().Range?.Ranges.Single().From ?? 0));
        if (await Answer(context)) return;

        using var passed = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(real, request.Path + request.QueryString));
        if (request.ContentLength is not null || request.Headers.TransferEncoding.Count > 0) passed.Content = new StreamContent(request.Body);
        foreach (var (name, values) in request.Headers)
            if (name is not "Transfer-Encoding" && !passed.Headers.TryAddWithoutValidation(name, values.ToArray())) passed.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        using var answer = await _real.SendAsync(passed, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (name is not "Transfer-Encoding") response.Headers[name] = values.ToArray();
        if (request.Method == "HEAD") return;
        var body = await answer.Content.ReadAsByteArrayAsync(context.RequestAborted);
        if (isBlob && answer.IsSuccessStatusCode && await Blob(context, body)) return;
        await response.Body.WriteAsync(body);
    }
}
