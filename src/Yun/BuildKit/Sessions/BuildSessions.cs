using System.Collections.Concurrent;
using Yun.DockerApi.Streams;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>The sessions of the clients that are connected, by the ids that those gave them.</summary>
internal sealed class BuildSessions : IAsyncDisposable
{
    // A client opens its session and asks for the build at once; which comes first is chance.
    private static readonly TimeSpan s_waitMax = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, TaskCompletionSource<BuildSession>> _sessions = new(StringComparer.Ordinal);

    /// <summary>Keeps the session until its connection ends.</summary>
    public async Task KeepAsync(SessionOffer offer, HijackedConnection connection)
    {
        await using var session = new BuildSession(offer, connection);
        var place = Place(offer.Id);
        if (!place.TrySetResult(session)) throw new EngineException(ErrorKind.Conflict, $"there is a session {offer.Id} already");
        try { await Task.Delay(Timeout.InfiniteTimeSpan, connection.Ended); }
        catch (OperationCanceledException) { }
        finally { _sessions.TryRemove(KeyValuePair.Create(offer.Id, place)); }
    }

    /// <exception cref="EngineException">There is none of that id, and none came.</exception>
    public async Task<BuildSession> GetAsync(string id, CancellationToken cancel)
    {
        var place = Place(id);
        try { return await place.Task.WaitAsync(s_waitMax, cancel); }
        catch (TimeoutException)
        {
            _sessions.TryRemove(KeyValuePair.Create(id, place));
            throw new EngineException(ErrorKind.NotFound, $"no active session for {id}: the client is not connected");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var place in _sessions.Values)
            if (place.Task.IsCompletedSuccessfully) await place.Task.Result.DisposeAsync();
    }

    private TaskCompletionSource<BuildSession> Place(string id) => _sessions.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
