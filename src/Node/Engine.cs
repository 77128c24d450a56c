using Yun.Node.Containers;
using Yun.Node.Events;
using Yun.Store;

namespace Yun.Node;

/// <summary>What one machine does, put together: the parts that the API's routes call. One per data root.</summary>
public sealed class Engine : IAsyncDisposable
{
    private Engine(EngineOptions options, IStore store, EngineLog log, TimeProvider time)
    {
        Options = options;
        Store = store;
        Log = log;
        Time = time;
        Events = new EventBus(time);
        Containers = new ContainerTable(this);
    }

    public EngineOptions Options { get; }
    public EngineLog Log { get; }
    public TimeProvider Time { get; }
    public IStore Store { get; }
    public EventBus Events { get; }
    public ContainerTable Containers { get; }

    /// <summary>Opens or makes the data root, takes up the containers that are there, and is ready for requests when it returns.</summary>
    public static async Task<Engine> OpenAsync(EngineOptions options, EngineLog log, TimeProvider time, CancellationToken cancel = default)
    {
        options = options.Checked();
        MakeDirectories(options);
        var engine = new Engine(options, await SqliteStore.OpenAsync(options.StorePath, cancel), log, time);
        await engine.Containers.LoadAsync(cancel);
        return engine;
    }

    public async ValueTask DisposeAsync() => await Store.DisposeAsync();

    private static void MakeDirectories(EngineOptions options)
    {
        // Others may pass through the data root (a container's user reaches its volume by path), and only root may list it.
        const UnixFileMode passOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
        const UnixFileMode rootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(options.DataRoot, passOnly);
        Directory.CreateDirectory(options.ContainersDirectory, passOnly);
        Directory.CreateDirectory(options.TrashDirectory, rootOnly);
        Directory.CreateDirectory(options.ExecRoot, rootOnly);
    }
}
