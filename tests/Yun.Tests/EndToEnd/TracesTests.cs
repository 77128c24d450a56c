using System.Net;
using Yun.Daemon.Traces.Protos;

namespace Yun.Tests.EndToEnd;

/// <summary>Traces of API calls, by OTLP over HTTP.</summary>
public sealed class TracesTests
{
    [Fact]
    public async Task An_API_call_is_a_span_of_its_caller_s_trace_that_reaches_the_collector()
    {
        var port = LoopbackPort.Free();
        using var collector = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
        collector.Start();
        var environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}", ["OTEL_EXPORTER_OTLP_HEADERS"] = "api-key=se%20cret", ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment=test", ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
        };
        await using var daemon = await Daemon.StartWithEnvironmentAsync(environment);
        using var api = new PlainApi(daemon);
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736", caller = "00f067aa0ba902b7";
        await api.SendAsync("GET", "/v1.45/containers/nosuch/json", header: ("traceparent", $"00-{trace}-{caller}-01"));
        await api.SendAsync("GET", "/v1.45/containers/unsampled/json", header: ("traceparent", $"00-{trace}-{caller}-00"));
        var spans = new List<Span>();
        while (!spans.Any(span => Convert.ToHexStringLower(span.TraceId.Span) == trace))
        {
            var posted = await collector.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(("/v1/traces", "application/x-protobuf", "se cret"), (posted.Request.Url!.AbsolutePath, posted.Request.ContentType, posted.Request.Headers["api-key"]));
            var sent = ExportTraceServiceRequest.Parser.ParseFrom(posted.Request.InputStream);
            Assert.Equal(["test", "yun"], sent.ResourceSpans.Single().Resource.Attributes.OrderBy(attribute => attribute.Key).Select(attribute => attribute.Value.StringValue));
            spans.AddRange(sent.ResourceSpans.Single().ScopeSpans.Single().Spans);
            posted.Response.Close();
        }
        var span = Assert.Single(spans, span => Convert.ToHexStringLower(span.TraceId.Span) == trace);
        Assert.Equal("GET /containers/{name}/json", span.Name);
        Assert.Equal(caller, Convert.ToHexStringLower(span.ParentSpanId.Span));
        Assert.Equal(404, span.Attributes.Single(attribute => attribute.Key == "http.response.status_code").Value.IntValue);
        Assert.Equal("/v1.45/containers/nosuch/json", span.Attributes.Single(attribute => attribute.Key == "url.path").Value.StringValue);
        collector.Stop();
    }
}
