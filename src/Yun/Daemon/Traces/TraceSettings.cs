using System.Globalization;
using Yun.Node;

namespace Yun.Daemon.Traces;

/// <summary>Where traces go and how, by the environment variables of the OpenTelemetry specification (configuration/sdk-environment-variables, protocol/exporter).</summary>
/// <param name="Endpoint">The whole address that traces are posted to.</param>
/// <param name="Timeout">Of one post.</param>
/// <param name="Delay">Between two posts.</param>
/// <param name="QueueMax">Spans that wait; more are dropped and counted.</param>
/// <param name="BatchMax">Spans in one post.</param>
/// <param name="Ratio">The part of the traces begun here that is kept, 0 to 1.</param>
/// <param name="IsParentHeard">A caller that traces, or does not, decides for its calls.</param>
internal sealed record TraceSettings(
    Uri Endpoint, IReadOnlyDictionary<string, string> Headers, IReadOnlyDictionary<string, string> Resource, TimeSpan Timeout, TimeSpan Delay, int QueueMax, int BatchMax, double Ratio, bool IsParentHeard)
{
    /// <summary>Null when no endpoint is set, which is how most daemons run. What cannot be done is told, and then nothing is traced.</summary>
    public static TraceSettings? Read(Func<string, string?> variable, EngineLog log)
    {
        string? Of(string name) => variable(name) is { Length: > 0 } text ? text : null;
        var (whole, common) = (Of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), Of("OTEL_EXPORTER_OTLP_ENDPOINT"));
        if (whole is null && common is null) return null;
        if (string.Equals(Of("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase) || Of("OTEL_TRACES_EXPORTER") is "none") return null;
        var protocol = Of("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? Of("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
        if (Of("OTEL_TRACES_EXPORTER") is not (null or "otlp") and var exporter) return Without($"the exporter {exporter} (OTEL_TRACES_EXPORTER) is not there, otlp is");
        if (protocol != "http/protobuf") return Without($"the protocol {protocol} (OTEL_EXPORTER_OTLP_PROTOCOL) is not there, http/protobuf is");
        if (!Uri.TryCreate(whole ?? common!.TrimEnd('/') + "/v1/traces", UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https")) return Without($"{whole ?? common} is not the address of an HTTP server");
        var (ratio, heard) = Sampler(Of("OTEL_TRACES_SAMPLER"), Of("OTEL_TRACES_SAMPLER_ARG"));
        var resource = Pairs(Of("OTEL_RESOURCE_ATTRIBUTES"));
        if (Of("OTEL_SERVICE_NAME") is { } name) resource["service.name"] = name;
        resource.TryAdd("service.name", "yun");
        return new TraceSettings(endpoint, Pairs(Of("OTEL_EXPORTER_OTLP_TRACES_HEADERS") ?? Of("OTEL_EXPORTER_OTLP_HEADERS")), resource,
            TimeSpan.FromMilliseconds(Number(Of("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT") ?? Of("OTEL_EXPORTER_OTLP_TIMEOUT"), 10_000)), TimeSpan.FromMilliseconds(Number(Of("OTEL_BSP_SCHEDULE_DELAY"), 5_000)),
            Number(Of("OTEL_BSP_MAX_QUEUE_SIZE"), 2048), Number(Of("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"), 512), ratio, heard);

        TraceSettings? Without(string why)
        {
            log.Warn($"API calls are not traced: {why}.");
            return null;
        }
    }

    private static (double Ratio, bool IsParentHeard) Sampler(string? name, string? argument)
    {
        var ratio = double.TryParse(argument, NumberStyles.Float, CultureInfo.InvariantCulture, out var part) ? Math.Clamp(part, 0, 1) : 1;
        return name switch
        {
            "always_on" => (1, false),
            "always_off" => (0, false),
            "traceidratio" => (ratio, false),
            "parentbased_always_off" => (0, true),
            "parentbased_traceidratio" => (ratio, true),
            _ => (1, true),
        };
    }

    // key1=value1,key2=value2, with what is not plain in percent (W3C Baggage).
    private static Dictionary<string, string> Pairs(string? text) =>
        (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair => pair.Split('=', 2)).Where(pair => pair.Length == 2 && pair[0].Length > 0)
            .GroupBy(pair => pair[0].Trim()).ToDictionary(pair => pair.Key, pair => Uri.UnescapeDataString(pair.Last()[1].Trim()));

    private static int Number(string? text, int unsaid) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : unsaid;
}
