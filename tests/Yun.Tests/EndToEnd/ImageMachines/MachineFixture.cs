namespace Yun.Tests.EndToEnd.ImageMachines;

/// <summary>A daemon with busybox, the tools and the kernel for virtual machines, shared by a class of tests. Disposing it fails when anything is left of it.</summary>
public sealed class MachineFixture : IAsyncDisposable
{
    private readonly Lazy<Task<Daemon>> _daemon = new(() => StartNewAsync());

    public Task<Daemon> StartedAsync() => _daemon.Value;

    /// <summary>One more, of the caller's own.</summary>
    public static async Task<Daemon> StartNewAsync(params string[] flags)
    {
        var tools = await Made("machine-tools").RunAsync();
        Assert.SkipWhen(tools.ExitCode != 0, $"there is no QEMU here: {tools.Error.Trim()}");
        var kernel = await Made("kernel").RunAsync();
        Assert.SkipWhen(kernel.ExitCode != 0, $"there is no kernel for a virtual machine here: {kernel.Error.Trim()}");
        var daemon = await Daemon.StartWithBusyboxAsync(["--machine-tools", tools.Text, .. flags]);
        (await daemon.Yun.RunAsync("machine", "kernel", "install", kernel.Text)).Succeeded();
        return daemon;
    }

    public async ValueTask DisposeAsync()
    {
        if (_daemon.IsValueCreated && _daemon.Value.IsCompletedSuccessfully) await (await _daemon.Value).DisposeAsync();
    }

    private static Command Made(string script) => new(Path.Combine(Repository.Root, "scripts", script)) { Deadline = TimeSpan.FromMinutes(5) };
}
