using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using Yun.Images;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>
/// One container. Who reads takes <see cref="Record"/>, which needs no lock and cannot change under the reader. Who changes it takes its turn first
/// (<see cref="TakeTurnAsync"/>), and nobody holds the turn while waiting for the container's own processes.
/// What can be done with a container is beside this file, one topic each: Start.cs, Stop.cs, Attach.cs…
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose of.")]
public sealed partial class Container
{
    // A start includes mounts and network; whoever holds a turn for longer is stuck in the kernel, and the others are told so instead of joining it.
    private static readonly TimeSpan s_turnMax = TimeSpan.FromSeconds(60);

    // Who wants it gone is told sooner.
    private static readonly TimeSpan s_turnToEndMax = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private string _turnOf = "";
    private volatile ContainerRecord _record;
    private Task _writing = Task.CompletedTask;
    private IDisposable? _imageInUse;

    internal Container(Engine engine, ContainerRecord record)
    {
        Engine = engine;
        _record = record;
    }

    public Engine Engine { get; }

    /// <summary>As it is at this moment.</summary>
    public ContainerRecord Record => _record;

    public string Id => _record.Id;
    public string Name => _record.Name;
    public ContainerState State => _record.State;
    public ContainerConfig Config => _record.Config;
    public HostConfig HostConfig => _record.HostConfig;

    /// <summary>containers/ID under the data root: everything on disk that is this container's.</summary>
    public string Directory => Path.Combine(Engine.Options.ContainersDirectory, Id);
    public string UpperDirectory => Path.Combine(Directory, "upper");
    public string WorkDirectory => Path.Combine(Directory, "work");
    public string LogPath => Path.Combine(Directory, Id + "-json.log");
    public string HostsPath => Path.Combine(Directory, "hosts");
    public string HostnamePath => Path.Combine(Directory, "hostname");
    public string ResolvConfPath => Path.Combine(Directory, "resolv.conf");
    /// <summary>Where the keeper leaves how the container ended, before anyone is told.</summary>
    public string ExitPath => Path.Combine(Directory, "exit.json");

    /// <summary>Below every cgroup hierarchy. The first part tells this daemon's containers from another's.</summary>
    public string CgroupPath => HostConfig.CgroupParent is { Length: > 0 } parent ? $"/{parent.Trim('/')}/{Id}" : $"/{Engine.Options.CgroupName}/{Id}";

    internal Cgroup Cgroup => Cgroup.At(CgroupPath);

    /// <summary>The host name inside.</summary>
    public string Hostname => Config.Hostname is { Length: > 0 } asked ? asked : Id[..12];

    /// <summary>It lives in another container's network, or in the host's.</summary>
    internal bool SharesNetwork => HostConfig.NetworkMode == "host" || NamespaceMode.SharedContainer(HostConfig.NetworkMode) is not null;

    /// <exception cref="EngineException">409, in the words of <c>docker exec</c>, <c>kill</c> and <c>attach</c>: <c>container ID is not running</c>.</exception>
    public ContainerState RequireLive() => State is { IsLive: true } live ? live : throw new EngineException(ErrorKind.Conflict, $"container {Id} is not running");

    /// <summary>Publishes a container event with Docker's attributes: image, name, all labels, and these.</summary>
    public void Publish(string action, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        var record = _record;
        var all = new Dictionary<string, string>(record.Config.Labels ?? []) { ["image"] = record.Config.Image ?? "", ["name"] = record.Name };
        foreach (var (name, value) in attributes) all[name] = value;
        Engine.Events.Publish("container", action, record.Id, all);
    }

    /// <summary>What lies below its changes, the topmost first.</summary>
    internal IReadOnlyList<string> LowerDirectories() => Engine.InitLayers.Below(Image);

    internal Image Image => Engine.Images.FindForContainer(_record.Image.ToString());

    internal void UseImage(Image image) => _imageInUse = Engine.Images.Use(image, Id, () => State.IsLive);

    internal void ReleaseImage() => Interlocked.Exchange(ref _imageInUse, null)?.Dispose();

    /// <summary>From here until the turn is disposed of, nobody else changes this container.</summary>
    /// <param name="operation">What others are told who wait for the turn in vain.</param>
    internal Task<Turn> TakeTurnAsync(CancellationToken cancel = default, [CallerMemberName] string operation = "") => TakeTurnAsync(s_turnMax, operation, cancel);

    /// <summary>As <see cref="TakeTurnAsync(CancellationToken, string)"/>, for what ends a container.</summary>
    internal Task<Turn> TakeTurnToEndAsync(CancellationToken cancel, [CallerMemberName] string operation = "") => TakeTurnAsync(s_turnToEndMax, operation, cancel);

    private async Task<Turn> TakeTurnAsync(TimeSpan patience, string operation, CancellationToken cancel)
    {
        if (await _turn.WaitAsync(patience, cancel))
        {
            _turnOf = operation;
            return new Turn(this);
        }
        var stuck = $"Container {Id} is stuck: {_turnOf.Replace("Async", "", StringComparison.Ordinal)} has not ended for {patience.TotalSeconds:0} seconds, as it is when a file system or a device does not answer.";
        Engine.Log.Warn(stuck);
        throw new EngineException(ErrorKind.Unavailable, stuck);
    }

    /// <summary>As <see cref="TakeTurnAsync"/>, however long it takes: for what has happened already and must not be lost.</summary>
    internal async Task<Turn> TakeTurnAtLastAsync()
    {
        await _turn.WaitAsync();
        return new Turn(this);
    }

    /// <summary>Makes <paramref name="next"/> the container's record and returns when it is on disk. The caller holds the turn.</summary>
    internal Task SaveAsync(ContainerRecord next)
    {
        SaveSoon(next);
        return _writing;
    }

    /// <summary>
    /// As <see cref="SaveAsync"/>, without waiting for the disk: for what the next daemon would find out by itself, because the keeper still knows it.
    /// Writes reach the store in the order of these calls.
    /// </summary>
    internal void SaveSoon(ContainerRecord next)
    {
        _record = next;
        _writing = WriteAsync(_writing, next);
    }

    private async Task WriteAsync(Task before, ContainerRecord next)
    {
        try { await before; }
        catch (Exception) { /* Whoever waited for it was told. */ }
        try { await Engine.Containers.WriteAsync(next); }
        catch (Exception error)
        {
            Engine.Log.Error($"The record of container {Id} cannot be written: {error.Message}");
            throw;
        }
    }

    internal readonly struct Turn(Container owner) : IDisposable
    {
        public void Dispose() => owner._turn.Release();
    }
}
