using Yun.Tests.EndToEnd;

[assembly: AssemblyFixture(typeof(DaemonFixture))]

namespace Yun.Tests.EndToEnd;

/// <summary>One daemon with busybox for all tests that can share it, started by the first that asks. What it leaves fails the run.</summary>
public sealed class DaemonFixture : IAsyncDisposable
{
    private readonly Lazy<Task<Daemon>> _daemon = new(() => Daemon.StartWithBusyboxAsync());

    public Task<Daemon> StartedAsync() => _daemon.Value;

    public async ValueTask DisposeAsync()
    {
        if (_daemon.IsValueCreated && _daemon.Value.IsCompletedSuccessfully)
            await (await _daemon.Value).DisposeAsync();
    }
}
