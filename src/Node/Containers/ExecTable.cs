using System.Collections.Concurrent;
using Yun.Node.Containers.Spec;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>The execs of all containers, until some time after their end.</summary>
public sealed class ExecTable(TimeProvider time)
{
    // dockerd forgets an ended exec after one to two rounds of five minutes.
    private static readonly TimeSpan s_known = TimeSpan.FromMinutes(10);
    // Who makes execs and never starts them must not fill the memory.
    private const int Max = 50_000;

    private readonly ConcurrentDictionary<string, Exec> _execs = new(StringComparer.Ordinal);
    private long _sweptTicks;

    /// <exception cref="EngineException">The container does not run, or there is no command.</exception>
    public Exec Create(Container container, ExecSettings settings, ExecStreams streams)
    {
        if (settings.Command.Count == 0) throw new EngineException(ErrorKind.InvalidArgument, "No exec command specified");
        Exec.RequireRunning(container);
        DetachKeys.Parse(streams.DetachKeys);
        Sweep();
        if (_execs.Count >= Max) throw new EngineException(ErrorKind.Unavailable, $"There are {Max} execs already; those that were never started go with their containers.");
        var exec = new Exec(container, settings, streams);
        _execs[exec.Id] = exec;
        container.Publish($"exec_create: {string.Join(' ', settings.Command)}", ("execID", exec.Id));
        return exec;
    }

    /// <exception cref="EngineException">404 in Docker's words.</exception>
    public Exec Find(string id)
    {
        if (_execs.TryGetValue(id, out var exec)) return exec;
        var begins = id.Length < 12 ? [] : _execs.Where(e => e.Key.StartsWith(id, StringComparison.Ordinal)).Take(2).ToArray();
        return begins.Length == 1 ? begins[0].Value : throw new EngineException(ErrorKind.NotFound, $"No such exec instance: {id}");
    }

    /// <summary>Ids of a container's execs that have not ended.</summary>
    public IReadOnlyList<string> Of(Container container) => [.. _execs.Values.Where(e => e.Container == container && e.EndedAt is null).Select(e => e.Id)];

    private void Sweep()
    {
        var now = time.GetUtcNow();
        // Looking at all of them for each new one would cost more the more there are.
        var swept = Interlocked.Read(ref _sweptTicks);
        if (now.Ticks - swept < TimeSpan.TicksPerSecond * 10 || Interlocked.CompareExchange(ref _sweptTicks, now.Ticks, swept) != swept) return;
        foreach (var (id, exec) in _execs)
            if (exec.EndedAt < now - s_known || (exec.EndedAt is null && !exec.IsRunning && !exec.Container.State.IsLive)) _execs.TryRemove(id, out _);
    }
}
