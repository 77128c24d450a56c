namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>A daemon with busybox and the tools for virtual machines, and a system for them, shared by a class of tests.</summary>
public sealed class WholeMachineFixture : IAsyncDisposable
{
    private readonly Lazy<Task<(Daemon, GuestSystem)>> _started = new(StartNewAsync);

    public async Task<(Daemon Daemon, GuestSystem System)> StartedAsync() => await _started.Value;

    private static async Task<(Daemon, GuestSystem)> StartNewAsync()
    {
        var tools = await GuestSystem.Made("machine-tools").RunAsync();
        Assert.SkipWhen(tools.ExitCode != 0, $"there is no QEMU here: {tools.Error.Trim()}");
        var kernel = await GuestSystem.Made("kernel").RunAsync();
        Assert.SkipWhen(kernel.ExitCode != 0, $"there is no kernel for a virtual machine here: {kernel.Error.Trim()}");
        return (await Daemon.StartWithBusyboxAsync("--machine-tools", tools.Text), await GuestSystem.MakeAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated || !_started.Value.IsCompletedSuccessfully) return;
        var (daemon, system) = await _started.Value;
        system.Dispose();
        await daemon.DisposeAsync();
    }
}
