using System.Collections.Concurrent;
using System.Text;
using Yun.Images;
using Yun.Images.Content;
using Yun.Linux;
using Yun.Node.Builds;
using Yun.Node.Containers;
using Yun.Node.Containers.UserIds;
using Yun.Node.Events;
using Yun.Node.Keeper;
using Yun.Node.Machines;
using Yun.Node.Machines.Hypervisors;
using Yun.Node.Networks;
using Yun.Node.Volumes;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Node;

/// <summary>What one machine does, put together: the parts that the API's routes call. One per data root.</summary>
public sealed partial class Engine : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Task, bool> _running = [];
    private readonly IReadOnlyList<LockFile> _locks;

    private Engine(EngineOptions options, IReadOnlyList<LockFile> locks, IStore store, EngineLog log, TimeProvider time)
    {
        (Options, _locks, Store, Log, Time) = (options, locks, store, log, time);
        Labels = options.Labels;
        Events = new EventBus(time);
        Containers = new ContainerTable(this);
        Machines = new MachineTable(this);
        UserNamespaces = new UserNamespaceChoice(Containers, options.Containers.UserRemap, new UserIdPool(options.Containers.UserIds, new SubordinateIds(),
            () => [.. Containers.List().Select(container => container.Record.UserNamespace).OfType<UserNamespace>(), .. options.Containers.UserRemap is { } remap ? [remap] : Array.Empty<UserNamespace>()],
            Convert.ToUInt32(options.Hash, 16)));
        Hypervisors = new HypervisorTable(this);
        Execs = new ExecTable(time);
    }

    public EngineOptions Options { get; }

    /// <summary><see cref="EngineOptions.Labels"/>, until they are changed.</summary>
    public IReadOnlyList<string> Labels { get; set; }

    /// <summary>Names this engine among others; made once for a data root.</summary>
    public string Id { get; private set; } = "";

    public EngineLog Log { get; }
    public TimeProvider Time { get; }
    public IStore Store { get; }
    public EventBus Events { get; }
    public ContainerTable Containers { get; }
    public ExecTable Execs { get; }
    public ImageStore Images { get; private set; } = null!;
    internal InitLayers InitLayers { get; private set; } = null!;
    internal UserNamespaceChoice UserNamespaces { get; }
    public Builder Builds { get; private set; } = null!;
    public NetworkController Networks { get; private set; } = null!;
    public ImageMachines ImageMachines { get; private set; } = null!;
    public MachineTable Machines { get; }
    public HypervisorTable Hypervisors { get; }

    /// <summary>Where the registry beside the engine is served, as ADDRESS:PORT; null when it is not.</summary>
    public string? RegistryAddress { get; set; }

    public VolumeStore Volumes { get; private set; } = null!;
    /// <summary>The one there is now: when a keeper dies, another takes its place here.</summary>
    public KeeperClient Keeper { get; private set; } = null!;
    public ExitNews Exits { get; } = new();
    internal Trash Trash => Images.Trash;
    internal DirectoryWatcher DirectoryWatcher { get; } = new();

    /// <summary>The machine's current boot.</summary>
    internal string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>Cancelled when the engine is closed.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Opens or makes the data root, takes up the containers that are there, and is ready for requests when it returns.</summary>
    public static async Task<Engine> OpenAsync(EngineOptions options, EngineLog log, TimeProvider time, CancellationToken cancel = default)
    {
        options = options.Checked();
        MakeDirectories(options);
        var locks = TakeLocks(options);
        Engine engine;
        try { engine = new Engine(options, locks, await SqliteStore.OpenAsync(options.StorePath, cancel), log, time); }
        catch
        {
            foreach (var taken in locks) taken.Dispose();
            throw;
        }
        try
        {
            await engine.OpenPartsAsync(cancel);
            await engine.TakeUpAsync(cancel);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Work that nobody waits for now: it is waited for when the engine is closed. It handles its own failures.</summary>
    internal void Track(Task work)
    {
        if (work.IsCompletedSuccessfully) return;
        _running[work] = true;
        _ = work.ContinueWith(ended =>
        {
            _running.TryRemove(ended, out _);
            if (ended.Exception is { } unforeseen) Log.Error($"Work in the background failed: {unforeseen.GetBaseException()}");
        }, TaskScheduler.Default);
    }

    /// <summary>Lets go of everything; containers, their networks and the keeper go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running.Keys.Select(async work => { try { await work; } catch (Exception) { /* Track has told it. */ } }));
        if (Networks is not null)
        {
            await Networks.ShutdownAsync();
            await Networks.DisposeAsync();
        }
        if (Keeper is not null) await CloseKeeperAsync();
        if (Images is not null) await Images.DisposeAsync();
        DirectoryWatcher.Dispose();
        await Store.DisposeAsync();
        foreach (var held in _locks) held.Dispose();
        _stopping.Dispose();
    }

    private async Task OpenPartsAsync(CancellationToken cancel)
    {
        Id = await ReadIdAsync(cancel);
        // The keeper is another program that may have to be started first: the rest is read meanwhile.
        var keeper = KeeperClient.ConnectOrStartAsync(KeeperOptions, cancel);
        await Containers.LoadAsync(cancel);
        await Machines.LoadAsync(cancel);
        Images = await ImageStore.OpenAsync(Options.DataRoot, Store, Options.Registries, Time, cancel);
        Images.Changed += change => Events.Publish("image", change.Action, change.Id.ToString(), new Dictionary<string, string> { ["name"] = change.Name });
        InitLayers = new InitLayers(Options.DataRoot, Images);
        InitLayers.Collect(Images.List());
        ImageMachines = new ImageMachines(Options);
        ImageMachines.Collect(Images.List());
        if (Options.Machines.MergesMemory) Log.Warn(KernelMerging.Warning());
        Builds = new Builder(Options.DataRoot, Options.ExecRoot, Store, Images, new BuildContainers(this), Time);
        Volumes = await VolumeStore.OpenAsync(this, cancel);
        Networks = await NetworkController.OpenAsync(Options.Networks ?? new NetworkOptions(Options.DataRoot, Options.ExecRoot), Store, Log, cancel);
        Keeper = await keeper;
        if (Keeper.UpgradeRefusal is { } refusal) Log.Warn($"The keeper stays at its former version: {refusal}");
    }

    private KeeperOptions KeeperOptions => new(Options.RuntimePath, Options.KeeperSocketPath, Options.ExecRoot);

    private async Task<string> ReadIdAsync(CancellationToken cancel)
    {
        const string key = "/engine/id";
        if (await Store.GetAsync(key, cancel) is { } known) return Encoding.UTF8.GetString(known.Value);
        var id = Guid.NewGuid().ToString();
        await Store.PutAsync(key, Encoding.UTF8.GetBytes(id), cancel);
        return id;
    }

    /// <summary>One daemon to a data root, and one to an exec root: two would undo each other's networks and containers.</summary>
    private static List<LockFile> TakeLocks(EngineOptions options)
    {
        var taken = new List<LockFile>();
        foreach (var root in (string[])[options.DataRoot, options.ExecRoot])
        {
            if (LockFile.TryTake(Path.Combine(root, "daemon.lock")) is { } held)
            {
                taken.Add(held);
                continue;
            }
            foreach (var other in taken) other.Dispose();
            throw new EngineException(ErrorKind.Conflict, $"Another daemon runs on {root}: give this one a --data-root and an --exec-root of its own.");
        }
        return taken;
    }

    private static void MakeDirectories(EngineOptions options)
    {
        // Others may pass through the data root (a container's user reaches its volume by path), and only root may list it.
        const UnixFileMode passOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
        const UnixFileMode rootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(options.DataRoot, passOnly);
        Directory.CreateDirectory(options.ContainersDirectory, passOnly);
        using (var containers = PathDescriptor.Open(null, options.ContainersDirectory, OpenFlags.ReadOnly | OpenFlags.Directory)) OpenFile.SpreadDirectories(containers);
        Directory.CreateDirectory(options.ExecRoot, rootOnly);
    }
}
