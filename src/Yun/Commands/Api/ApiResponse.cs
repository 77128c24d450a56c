using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Yun.Commands.Api;

/// <summary>A successful answer; failures have been thrown.</summary>
public sealed class ApiResponse : IDisposable
{
    internal ApiResponse(HttpStatusCode status, Dictionary<string, string> headers, Stream body) => (Status, Headers, Body) = (status, headers, body);

    public HttpStatusCode Status { get; }
    public IReadOnlyDictionary<string, string> Headers { get; }
    public Stream Body { get; }

    /// <summary>The whole body as one value.</summary>
    public T Read<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(ReadAll(), type) ?? throw new ConnectException("the daemon answered with nothing");

    public byte[] ReadAll()
    {
        using var bytes = new MemoryStream();
        Body.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>The values of a body that has one after the other, each as soon as it has come.</summary>
    public IEnumerable<T> ReadEach<T>(JsonTypeInfo<T> type)
    {
        using var lines = new StreamReader(Body, leaveOpen: true);
        while (lines.ReadLine() is { } line)
        {
            if (line.Length > 0) yield return JsonSerializer.Deserialize(line, type)!;
        }
    }

    public void Dispose() => Body.Dispose();
}
