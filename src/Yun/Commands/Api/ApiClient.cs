using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Yun.DockerApi.Model;

namespace Yun.Commands.Api;

/// <summary>The Docker Engine API as a client command sees it. One connection is kept for the next request; long requests get their own.</summary>
public sealed class ApiClient(DaemonAddress address, string? wantedVersion) : IDisposable
{
    /// <summary>The newest version this client speaks.</summary>
    public const string NewestVersion = "1.50";
    private const string OldestNegotiableVersion = "1.24";

    private readonly Lock _lock = new();
    private ApiConnection? _idle;
    private string? _version = wantedVersion;

    public DaemonAddress Address => address;

    /// <summary>The version both sides speak.</summary>
    public string Version => _version ??= Negotiate();

    public T Get<T>(string path, JsonTypeInfo<T> type)
    {
        using var response = Send("GET", path);
        return response.Read(type);
    }

    /// <summary>A request without a body whose answer does not matter.</summary>
    public HttpStatusCode Do(string method, string path)
    {
        using var response = Send(method, path);
        _ = response.ReadAll();
        return response.Status;
    }

    public ApiResponse Post<T>(string path, T body, JsonTypeInfo<T> type, params KeyValuePair<string, string>[] headers) =>
        Send("POST", path, JsonSerializer.SerializeToUtf8Bytes(body, type), headers: headers);

    /// <param name="upload">Writes a body of unknown length; called on a thread of its own.</param>
    /// <exception cref="ApiException">The daemon answered with an error.</exception>
    /// <exception cref="ConnectException">The daemon did not answer.</exception>
    public ApiResponse Send(string method, string path, byte[]? json = null, Action<Stream>? upload = null, string contentType = "application/json",
        params KeyValuePair<string, string>[] headers)
    {
        var versioned = "/v" + Version + path;
        var connection = Take();
        var all = new List<KeyValuePair<string, string>>(headers);
        if (upload is not null) all.Add(new("Transfer-Encoding", "chunked"));
        else if (json is not null || method == "POST") all.Add(new("Content-Length", (json?.Length ?? 0).ToString()));
        if (json is not null || upload is not null) all.Add(new("Content-Type", contentType));
        connection.SendHead(method, versioned, all);
        if (json is not null) connection.Send(json);
        if (upload is null) return Receive(connection, method);

        var sending = new Upload(connection, upload);
        connection.CanBeUsedAgain = false;
        try
        {
            return Receive(connection, method);
        }
        catch (ConnectException) when (sending.Failure is { } cause)
        {
            throw new FailureException(cause.Message);
        }
    }

    /// <summary>Sends a request whose connection becomes a stream in both directions.</summary>
    public HijackedStream Hijack(string path, byte[]? json = null)
    {
        var versioned = "/v" + Version + path;
        var connection = Take();
        json ??= [];
        connection.SendHead("POST", versioned,
            [new("Content-Type", "application/json"), new("Content-Length", json.Length.ToString()), new("Connection", "Upgrade"), new("Upgrade", "tcp")]);
        connection.Send(json);
        var (status, headers) = connection.ReadHead();
        if (status is 101 or 200) return new HijackedStream(connection, headers.GetValueOrDefault("Content-Type"));
        throw ErrorOf(status, new ApiBody(connection, hasBody: true, headers, GiveBack));
    }

    private ApiResponse Receive(ApiConnection connection, string method)
    {
        var (status, headers) = connection.ReadHead();
        if (headers.TryGetValue("Connection", out var token) && token.Equals("close", StringComparison.OrdinalIgnoreCase)) connection.CanBeUsedAgain = false;
        var body = new ApiBody(connection, method != "HEAD" && status is not (204 or 304), headers, GiveBack);
        if (status < 400) return new ApiResponse((HttpStatusCode)status, headers, body);
        throw ErrorOf(status, body);
    }

    private static ApiException ErrorOf(int status, Stream body)
    {
        using var bytes = new MemoryStream();
        using (body) body.CopyTo(bytes);
        var text = Encoding.UTF8.GetString(bytes.ToArray()).Trim();
        if (text.StartsWith('{'))
        {
            try
            {
                text = JsonSerializer.Deserialize(text, DockerApiJson.Default.ErrorResponse)?.Message ?? text;
            }
            catch (JsonException)
            {
                // Not the daemon's own error: a proxy's page is shown as it is.
            }
        }
        return new ApiException((HttpStatusCode)status, text.Length > 0 ? text : $"request returned {status} {(HttpStatusCode)status}");
    }

    private string Negotiate()
    {
        using var response = SendPing();
        var offered = response.Headers.GetValueOrDefault("Api-Version", OldestNegotiableVersion);
        return System.Version.TryParse(offered, out var theirs) && theirs < System.Version.Parse(NewestVersion) ? offered : NewestVersion;
    }

    /// <summary>The headers of <c>/_ping</c>, which is asked without a version.</summary>
    public ApiResponse SendPing()
    {
        var connection = Take();
        connection.SendHead("HEAD", "/_ping", []);
        return Receive(connection, "HEAD");
    }

    private ApiConnection Take()
    {
        lock (_lock)
        {
            var idle = _idle;
            _idle = null;
            if (idle is { IsStale: false }) return idle;
            idle?.Dispose();
        }
        return new ApiConnection(address.Connect());
    }

    private void GiveBack(ApiConnection connection)
    {
        lock (_lock)
        {
            if (_idle is null && connection.CanBeUsedAgain) _idle = connection;
            else connection.Dispose();
        }
    }

    public void Dispose() => _idle?.Dispose();
}
