using System.Net.Http.Headers;
using System.Threading.Channels;
using Google.Protobuf;
using Yun.Daemon.Traces.Protos;
using Yun.Node;

namespace Yun.Daemon.Traces;

/// <summary>Posts spans to a collector by OTLP over HTTP, many at once, off the way of the calls they tell of: when the collector does not keep up, spans are dropped.</summary>
internal sealed class TraceExporter : IAsyncDisposable
{
    private readonly TraceSettings _settings;
    private readonly EngineLog _log;
    private readonly HttpClient _http;
    private readonly Channel<Span> _spans;
    private readonly Resource _resource = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _posting;
    private long _dropped;
    private bool _isFailing;

    public TraceExporter(TraceSettings settings, EngineLog log)
    {
        (_settings, _log) = (settings, log);
        _http = new HttpClient { Timeout = settings.Timeout };
        _spans = Channel.CreateBounded<Span>(new BoundedChannelOptions(settings.QueueMax) { SingleReader = true });
        foreach (var (name, value) in settings.Resource) _resource.Attributes.Add(Attribute(name, value));
        _posting = PostAllAsync();
    }

    public TraceSettings Settings => _settings;

    public static KeyValue Attribute(string name, string value) => new() { Key = name, Value = new AnyValue { StringValue = value } };

    public static KeyValue Attribute(string name, long value) => new() { Key = name, Value = new AnyValue { IntValue = value } };

    public void Add(Span span)
    {
        if (!_spans.Writer.TryWrite(span)) Interlocked.Increment(ref _dropped);
    }

    /// <summary>What waits is posted first, for as long as one post may take.</summary>
    public async ValueTask DisposeAsync()
    {
        _spans.Writer.TryComplete();
        _stopping.CancelAfter(_settings.Timeout < TimeSpan.FromSeconds(2) ? _settings.Timeout : TimeSpan.FromSeconds(2));
        await _posting;
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task PostAllAsync()
    {
        var batch = new List<Span>();
        try
        {
            while (await _spans.Reader.WaitToReadAsync(_stopping.Token))
            {
                // Others follow; at the end nothing does.
                if (!_spans.Reader.Completion.IsCompleted) await Task.WhenAny(Task.Delay(_settings.Delay, _stopping.Token), _spans.Reader.Completion);
                while (batch.Count < _settings.BatchMax && _spans.Reader.TryRead(out var span)) batch.Add(span);
                await PostAsync(batch);
                batch.Clear();
            }
        }
        catch (OperationCanceledException) { }
    }

    // Told once when it begins to fail and once when it goes again, and not for every batch.
    private async Task PostAsync(List<Span> batch)
    {
        var scope = new ScopeSpans { Scope = new InstrumentationScope { Name = "yun" } };
        scope.Spans.AddRange(batch);
        var request = new ExportTraceServiceRequest { ResourceSpans = { new ResourceSpans { Resource = _resource, ScopeSpans = { scope } } } };
        using var message = new HttpRequestMessage(HttpMethod.Post, _settings.Endpoint) { Content = new ByteArrayContent(request.ToByteArray()) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        foreach (var (name, value) in _settings.Headers) message.Headers.TryAddWithoutValidation(name, value);
        string? failure = null;
        try
        {
            using var answer = await _http.SendAsync(message, _stopping.Token);
            if (!answer.IsSuccessStatusCode) failure = $"it answers {(int)answer.StatusCode}";
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !_stopping.IsCancellationRequested)) { failure = error.Message; }
        var dropped = Interlocked.Exchange(ref _dropped, 0);
        if (failure is not null && !_isFailing) _log.Warn($"Traces do not reach {_settings.Endpoint}: {failure}.");
        if (failure is null && (_isFailing || dropped > 0)) _log.Info($"Traces reach {_settings.Endpoint}{(dropped > 0 ? $"; {dropped} were dropped meanwhile" : " again")}.");
        _isFailing = failure is not null;
    }
}
