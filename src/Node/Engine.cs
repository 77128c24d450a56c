using System.Text;
using Yun.Node.Containers;
using Yun.Node.Events;
using Yun.Node.Networks;
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

    /// <summary>Names this engine among others; made once for a data root.</summary>
    public string Id { get; private set; } = "";

    public EngineLog Log { get; }
    public TimeProvider Time { get; }
    public IStore Store { get; }
    public EventBus Events { get; }
    public ContainerTable Containers { get; }
    public NetworkController Networks { get; private set; } = null!;

    /// <summary>Opens or makes the data root, takes up the containers that are there, and is ready for requests when it returns.</summary>
    public static async Task<Engine> OpenAsync(EngineOptions options, EngineLog log, TimeProvider time, CancellationToken cancel = default)
    {
        options = options.Checked();
        MakeDirectories(options);
        var engine = new Engine(options, await SqliteStore.OpenAsync(options.StorePath, cancel), log, time);
        engine.Id = await engine.ReadIdAsync(cancel);
        await engine.Containers.LoadAsync(cancel);
        engine.Networks = await NetworkController.OpenAsync(new NetworkOptions(options.DataRoot, options.ExecRoot, options.Bridge, options.Bip), engine.Store, log, cancel);
        await engine.Networks.ReconcileAsync(engine.Containers.List().Where(c => c.State.IsLive).Select(c => new LiveContainer(c.Id, c.State.Pid)), cancel);
        return engine;
    }

    public async ValueTask DisposeAsync()
    {
        await Networks.ShutdownAsync();
        await Networks.DisposeAsync();
        await Store.DisposeAsync();
    }

    private async Task<string> ReadIdAsync(CancellationToken cancel)
    {
        const string key = "/engine/id";
        if (await Store.GetAsync(key, cancel) is { } known) return Encoding.UTF8.GetString(known.Value);
        var id = Guid.NewGuid().ToString();
        await Store.PutAsync(key, Encoding.UTF8.GetBytes(id), cancel);
        return id;
    }

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
