using System.Net.Sockets;
using System.Text;

namespace Yun.Tests.EndToEnd;

/// <summary>Requests as no command line sends them.</summary>
public sealed class PlainApi : IDisposable
{
    private readonly HttpClient _http;

    public PlainApi(Daemon daemon)
    {
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(daemon.Socket), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }) { BaseAddress = new Uri("http://localhost") };
    }

    /// <summary>The status and the text of the answer.</summary>
    public async Task<(int Status, string Text)> SendAsync(string method, string path, string? body = null, string contentType = "application/json", (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, contentType);
        if (request.Content is not null) request.Content.Headers.ContentType!.CharSet = null;
        if (header is { } added) request.Headers.TryAddWithoutValidation(added.Name, added.Value);
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public void Dispose() => _http.Dispose();
}
