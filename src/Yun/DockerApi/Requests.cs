using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>What requests carry, read as dockerd reads it.</summary>
public static class Requests
{
    private const int BodyMax = 4 * 1024 * 1024;

    /// <summary>The body. An absent one is an error, as Docker's is.</summary>
    public static async Task<T> ReadBodyAsync<T>(this HttpContext context, JsonTypeInfo<T> type) where T : class =>
        await context.TryReadBodyAsync(type) ?? throw new EngineException(ErrorKind.InvalidArgument, "invalid JSON: got EOF while reading request body");

    /// <summary>The body, or null when there is none.</summary>
    public static async Task<T?> TryReadBodyAsync<T>(this HttpContext context, JsonTypeInfo<T> type) where T : class
    {
        if (context.Request.ContentLength > BodyMax) throw new EngineException(ErrorKind.InvalidArgument, $"The request's body is longer than {BodyMax} bytes.");
        CheckContentType(context.Request);
        using var body = new MemoryStream();
        try
        {
            var buffer = new byte[16384];
            for (int read; (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0;)
            {
                if (body.Length + read > BodyMax) throw new EngineException(ErrorKind.InvalidArgument, $"The request's body is longer than {BodyMax} bytes.");
                body.Write(buffer, 0, read);
            }
            return body.Length == 0 ? null : Model.GoReading.Read(body.GetBuffer().AsSpan(0, (int)body.Length), type);
        }
        catch (JsonException error)
        {
            var fault = Model.GoSyntax.FaultOf(body.GetBuffer().AsSpan(0, (int)body.Length)) ?? $"invalid JSON: {error.Message}";
            throw new EngineException(ErrorKind.InvalidArgument, fault, error);
        }
    }

    // Docker asks for it so that no web page can post a form to the daemon.
    private static void CheckContentType(HttpRequest request)
    {
        if (string.IsNullOrEmpty(request.ContentType) && request.ContentLength is null or 0) return;
        if (request.HasJsonContentType() && !request.ContentType!.Contains('+', StringComparison.Ordinal)) return;
        throw new EngineException(ErrorKind.InvalidArgument, request.ContentType is { Length: > 0 } type ? $"unsupported Content-Type header ({type}): must be 'application/json'" : "malformed Content-Type header (): mime: no media type");
    }

    /// <summary>A query parameter that is on unless it is absent, empty, 0, no, false or none.</summary>
    public static bool Flag(this HttpContext context, string name, bool whenAbsent = false) =>
        context.Request.Query.TryGetValue(name, out var values) ? (values[0] ?? "").Trim().ToLowerInvariant() is not ("" or "0" or "no" or "false" or "none") : whenAbsent;

    /// <summary>A query parameter, of several with that name the first; null when it is absent or empty.</summary>
    public static string? Text(this HttpContext context, string name) => context.Request.Query.TryGetValue(name, out var values) && values[0] is { Length: > 0 } text ? text : null;

    public static int? Number(this HttpContext context, string name) => context.Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for {name}: '{text}' is not a number");

    /// <summary>The <c>platform</c> parameter, as a word or (since API 1.46) as JSON; null when it is absent.</summary>
    public static Platform? Platform(this HttpContext context)
    {
        try { return context.Text("platform") is { } text ? PlatformOf(text) : null; }
        catch (Exception error) when (error is FormatException or JsonException) { throw new EngineException(ErrorKind.InvalidArgument, error.Message, error); }
    }

    private static Platform PlatformOf(string text) =>
        text[0] == '{' ? (JsonSerializer.Deserialize(text, ImageJson.Default.Platform) ?? throw new JsonException("the platform is null")).Normalized() : Oci.Platform.Parse(text);

    /// <summary>A moment as Docker's clients send it: seconds since 1970 with an optional fraction, or RFC 3339.</summary>
    public static DateTimeOffset? Time(this HttpContext context, string name)
    {
        if (context.Text(name) is not { } text) return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 100_000_000_000m)
            return seconds == 0 ? null : DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for {name}: '{text}' is not a time");
    }

    /// <summary>The <c>filters</c> parameter, in its new form <c>{"key":{"value":true}}</c> or its old one <c>{"key":["value"]}</c>.</summary>
    public static Dictionary<string, IReadOnlyList<string>> Filters(this HttpContext context)
    {
        var filters = new Dictionary<string, IReadOnlyList<string>>();
        if (context.Text("filters") is not { } text) return filters;
        try
        {
            using var json = JsonDocument.Parse(text);
            foreach (var filter in json.RootElement.EnumerateObject())
                filters[filter.Name] = filter.Value.ValueKind == JsonValueKind.Array
                    ? [.. filter.Value.EnumerateArray().Select(v => v.GetString()!)]
                    : [.. filter.Value.EnumerateObject().Where(v => v.Value.GetBoolean()).Select(v => v.Name)];
            return filters;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, "invalid filter: the filters are not a JSON object of lists or sets", error);
        }
    }

    /// <summary>Refuses filters that the list does not know, in Docker's words.</summary>
    public static void AllowFilters(this IReadOnlyDictionary<string, IReadOnlyList<string>> filters, params ReadOnlySpan<string> known)
    {
        foreach (var name in filters.Keys)
            if (!known.Contains(name)) throw new EngineException(ErrorKind.InvalidArgument, $"invalid filter '{name}'");
    }

    /// <summary>Whether labels satisfy the filters <c>label=a</c>, <c>label=a=b</c> (all must) and <c>label!=…</c> (none may).</summary>
    public static bool MatchesLabels(this IReadOnlyDictionary<string, IReadOnlyList<string>> filters, IReadOnlyDictionary<string, string>? labels) =>
        (!filters.TryGetValue("label", out var wanted) || wanted.All(w => HasLabel(labels, w)))
        && (!filters.TryGetValue("label!", out var unwanted) || !unwanted.Any(w => HasLabel(labels, w)));

    /// <summary>Whether the filter is absent or one of its values matches: values of one filter are alternatives.</summary>
    public static bool MatchesAny(this IReadOnlyDictionary<string, IReadOnlyList<string>> filters, string name, Func<string, bool> matches) =>
        !filters.TryGetValue(name, out var wanted) || wanted.Count == 0 || wanted.Any(matches);

    /// <summary>What a filter that is true or false says; null when it is absent.</summary>
    /// <exception cref="EngineException">400 in Docker's words for anything else.</exception>
    public static bool? TruthOf(this IReadOnlyDictionary<string, IReadOnlyList<string>> filters, string name) =>
        !filters.TryGetValue(name, out var values) || values.Count == 0 ? null
        : values is ["1" or "true"] ? true : values is ["0" or "false"] ? false
        : throw new EngineException(ErrorKind.InvalidArgument, $"invalid filter '{name}={values[0]}'");

    private static bool HasLabel(IReadOnlyDictionary<string, string>? labels, string wanted)
    {
        var equals = wanted.IndexOf('=', StringComparison.Ordinal);
        return labels is not null && (equals < 0 ? labels.ContainsKey(wanted) : labels.TryGetValue(wanted[..equals], out var value) && value == wanted[(equals + 1)..]);
    }

    /// <summary>Starts an answer of unknown length: its head goes out now, so that the client knows that it is being served.</summary>
    public static async Task StartStreamAsync(this HttpContext context, string contentType)
    {
        context.Response.ContentType = contentType;
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>Writes one JSON object and a line's end, and sends it at once.</summary>
    public static async Task WriteLineAsync<T>(this HttpContext context, T value, JsonTypeInfo<T> type)
    {
        var body = context.Response.BodyWriter;
        using (var json = new Utf8JsonWriter(body)) JsonSerializer.Serialize(json, value, type);
        body.Write("\n"u8);
        await body.FlushAsync(context.RequestAborted);
    }
}
