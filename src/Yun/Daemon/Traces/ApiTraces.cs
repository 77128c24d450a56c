using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Yun.Daemon.Traces.Protos;

namespace Yun.Daemon.Traces;

/// <summary>A span for each API call, with the attributes of OpenTelemetry's conventions for HTTP servers; one that comes with a <c>traceparent</c> (W3C Trace Context) is part of its caller's trace.</summary>
internal sealed class ApiTraces(TraceExporter exporter)
{
    private const int TraceIdBytes = 16, SpanIdBytes = 8;

    public async Task TraceAsync(HttpContext context, RequestDelegate next)
    {
        var (trace, parent, sampled) = Begin(context.Request.Headers["traceparent"].ToString());
        if (!sampled)
        {
            await next(context);
            return;
        }
        var began = DateTimeOffset.UtcNow;
        // Before the version is taken off it.
        var path = context.Request.Path.Value ?? "/";
        try { await next(context); }
        finally
        {
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            var status = context.Response.StatusCode;
            var span = new Span
            {
                TraceId = ByteString.CopyFrom(trace), SpanId = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(SpanIdBytes)), ParentSpanId = ByteString.CopyFrom(parent), TraceState = context.Request.Headers["tracestate"].ToString(),
                // By its route, for there is no end of paths.
                Name = route is null ? context.Request.Method : $"{context.Request.Method} {route}", Kind = Span.Types.Kind.Server, StartTimeUnixNano = Nanoseconds(began), EndTimeUnixNano = Nanoseconds(DateTimeOffset.UtcNow),
                Status = new Status { Code = status >= StatusCodes.Status500InternalServerError ? Status.Types.Code.Error : Status.Types.Code.Unset },
            };
            span.Attributes.Add(TraceExporter.Attribute("http.request.method", context.Request.Method));
            span.Attributes.Add(TraceExporter.Attribute("url.path", path));
            span.Attributes.Add(TraceExporter.Attribute("url.scheme", context.Request.Scheme));
            span.Attributes.Add(TraceExporter.Attribute("http.response.status_code", status));
            if (route is not null) span.Attributes.Add(TraceExporter.Attribute("http.route", route));
            if (context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent) span.Attributes.Add(TraceExporter.Attribute("user_agent.original", agent));
            exporter.Add(span);
        }
    }

    private (byte[] Trace, byte[] Parent, bool IsSampled) Begin(string traceParent)
    {
        // 00-<trace id>-<span id>-<flags>
        var parts = traceParent.Split('-');
        if (parts is [{ Length: 2 }, { Length: 2 * TraceIdBytes } trace, { Length: 2 * SpanIdBytes } span, { Length: 2 } flags, ..] && (trace + span + flags).All(char.IsAsciiHexDigitLower) && trace.Any(c => c != '0') && span.Any(c => c != '0'))
        {
            var id = Convert.FromHexString(trace);
            return (id, Convert.FromHexString(span), exporter.Settings.IsParentHeard ? (Convert.FromHexString(flags)[0] & 1) == 1 : IsKept(id));
        }
        var own = RandomNumberGenerator.GetBytes(TraceIdBytes);
        return (own, [], IsKept(own));
    }

    // All that see a trace decide alike (TraceIdRatioBased).
    private bool IsKept(byte[] trace) => (BinaryPrimitives.ReadUInt64BigEndian(trace.AsSpan(8)) >> 11) < exporter.Settings.Ratio * (1UL << 53);

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
