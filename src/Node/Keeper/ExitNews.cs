using System.Collections.Concurrent;
using Yun.Protocol;

namespace Yun.Node.Keeper;

/// <summary>Hands a process's end to who waits for that process. Ask before it is started: a short one may have ended when the start returns.</summary>
public sealed class ExitNews
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<int>> _expected = new(StringComparer.Ordinal);

    public Task<int> Expect(string processId) => _expected.GetOrAdd(processId, _ => new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Forget(string processId) => _expected.TryRemove(processId, out _);

    /// <summary>False when nobody waits.</summary>
    internal bool Tell(KeeperExit exit) => _expected.TryRemove(exit.ProcessId, out var waiter) && waiter.TrySetResult(exit.ExitCode);
}
