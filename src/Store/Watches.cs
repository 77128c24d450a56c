using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Yun.Store;

/// <summary>Hands each write to those who watch its prefix. The store calls <see cref="Publish"/> from one place at a time, so order is kept.</summary>
internal sealed class Watches
{
    private const int UnreadMax = 16384;
    private readonly Lock _lock = new();
    private readonly List<(string Prefix, Channel<Change> Channel)> _watches = [];

    public void Publish(Change change)
    {
        lock (_lock)
        {
            foreach (var (prefix, channel) in _watches)
                if (change.Key.StartsWith(prefix, StringComparison.Ordinal) && !channel.Writer.TryWrite(change))
                    channel.Writer.TryComplete(new InvalidOperationException($"The watch of '{prefix}' fell {UnreadMax} writes behind. Read the range again and watch anew."));
        }
    }

    /// <summary>The watch stands when this returns; what is written from then on is seen.</summary>
    public IAsyncEnumerable<Change> Open(string prefix, CancellationToken cancel)
    {
        var channel = Channel.CreateBounded<Change>(new BoundedChannelOptions(UnreadMax) { SingleReader = true });
        lock (_lock) _watches.Add((prefix, channel));
        return ReadAsync(prefix, channel, cancel);
    }

    public void Close()
    {
        lock (_lock)
        {
            foreach (var (_, channel) in _watches) channel.Writer.TryComplete();
        }
    }

    private async IAsyncEnumerable<Change> ReadAsync(string prefix, Channel<Change> channel, [EnumeratorCancellation] CancellationToken cancel)
    {
        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancel)) yield return change;
        }
        finally
        {
            lock (_lock) _watches.Remove((prefix, channel));
        }
    }
}
