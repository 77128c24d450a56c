using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Yun.Node.Events;

/// <summary>Hands every event to every reader, in one order, and remembers the last ones for those who ask what was.</summary>
public sealed class EventBus(TimeProvider time)
{
    /// <summary>How many are remembered. 256 is dockerd's.</summary>
    public const int RememberedMax = 256;
    private const int UnreadMax = 4096;
    private static readonly IReadOnlyDictionary<string, string> s_none = new Dictionary<string, string>();

    private readonly Lock _lock = new();
    private readonly Queue<EngineEvent> _past = new(RememberedMax);
    private readonly List<Channel<EngineEvent>> _readers = [];

    public int ReaderCount { get { lock (_lock) return _readers.Count; } }

    public void Publish(string type, string action, string actorId, IReadOnlyDictionary<string, string>? attributes = null)
    {
        lock (_lock)
        {
            var happened = new EngineEvent(type, action, actorId, attributes ?? s_none, time.GetUtcNow());
            if (_past.Count == RememberedMax) _past.Dequeue();
            _past.Enqueue(happened);
            // Who does not read is cut off, rather than holding up the engine or filling its memory.
            _readers.RemoveAll(reader => !reader.Writer.TryWrite(happened) && reader.Writer.TryComplete());
        }
    }

    /// <summary>
    /// With <paramref name="since"/>, first what is remembered from then on; then what happens, until <paramref name="until"/>, cancellation, or until the reader falls
    /// too far behind. The subscription stands when this returns, before the first event is asked for.
    /// </summary>
    public IAsyncEnumerable<EngineEvent> ReadAsync(DateTimeOffset? since, DateTimeOffset? until, EventFilter filter, CancellationToken cancel = default)
    {
        var channel = Channel.CreateBounded<EngineEvent>(new BoundedChannelOptions(UnreadMax) { SingleReader = true });
        EngineEvent[] past;
        lock (_lock)
        {
            past = since is { } from ? [.. _past.Where(e => e.At >= from)] : [];
            _readers.Add(channel);
        }
        return ReadAsync(channel, past, until, filter, cancel);
    }

    private async IAsyncEnumerable<EngineEvent> ReadAsync(
        Channel<EngineEvent> channel, EngineEvent[] past, DateTimeOffset? until, EventFilter filter, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var limit = until is { } end ? time.CreateTimer(_ => channel.Writer.TryComplete(), null, Positive(end - time.GetUtcNow()), Timeout.InfiniteTimeSpan) : null;
        try
        {
            foreach (var e in past)
                if ((until is null || e.At <= until) && filter.Matches(e)) yield return e;
            await foreach (var e in channel.Reader.ReadAllAsync(cancel))
                if ((until is null || e.At <= until) && filter.Matches(e)) yield return e;
        }
        finally
        {
            lock (_lock) _readers.Remove(channel);
        }
    }

    private static TimeSpan Positive(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span;
}
