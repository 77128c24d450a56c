#pragma warning disable CA1822 // The shape first; the members gain their state next.
using Yun.Node.Containers;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Node.Networks;

/// <summary>The networks of this machine and the containers on them.</summary>
public sealed partial class NetworkController : IAsyncDisposable
{
    private readonly NetworkOptions _options;
    private readonly IStore _store;

    private NetworkController(NetworkOptions options, IStore store) => (_options, _store) = (options, store);

    /// <summary>Reads what the store knows and touches nothing in the kernel: <see cref="ReconcileAsync"/> does, and must be called before the first attach.</summary>
    public static Task<NetworkController> OpenAsync(NetworkOptions options, IStore store, CancellationToken cancel = default) =>
        Task.FromResult(new NetworkController(options, store));

    public IReadOnlyList<Network> List() => [];

    /// <summary>By id, name, or the beginning of an id.</summary>
    public Network Find(string nameOrId) => throw new EngineException(ErrorKind.NotFound, $"network {nameOrId} not found");

    /// <summary>The containers that run on a network.</summary>
    public IReadOnlyList<NetworkMember> EndpointsOf(Network network) => [];

    /// <summary>Makes a network from its wish: name, driver, IPAM, options, labels; the rest is filled in.</summary>
    public Task<Network> CreateAsync(Network wish, CancellationToken cancel = default) => throw NotYet();

    public Task RemoveAsync(string nameOrId, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Removes the networks that no container uses, of those <paramref name="where"/> allows. Returns their names.</summary>
    /// <param name="inUse">Ids and names of networks that stopped containers name.</param>
    public Task<IReadOnlyList<string>> PruneAsync(Func<Network, bool> where, IReadOnlySet<string> inUse, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Makes a container's namespace, its interfaces, names and published ports.</summary>
    public Task<Sandbox> AttachAsync(SandboxRequest request, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Takes it all back. Does nothing when the container is not attached.</summary>
    public Task DetachAsync(string containerId, CancellationToken cancel = default) => Task.CompletedTask;

    /// <summary>What a running container has now; null when it is not attached.</summary>
    public Sandbox? SandboxOf(string containerId) => null;

    /// <summary>Puts a running container on one more network.</summary>
    public Task<Sandbox> ConnectAsync(string network, string containerId, EndpointSettings? settings, CancellationToken cancel = default) => throw NotYet();

    public Task<Sandbox> DisconnectAsync(string network, string containerId, bool force, CancellationToken cancel = default) => throw NotYet();

    /// <summary>Changes the name that the container's neighbours know it by.</summary>
    public Task RenameAsync(string containerId, string name, CancellationToken cancel = default) => Task.CompletedTask;

    /// <summary>Brings the kernel to what is recorded: what belongs to no live container is removed, what does is taken up again.</summary>
    public Task ReconcileAsync(IEnumerable<LiveContainer> live, CancellationToken cancel = default) => Task.CompletedTask;

    /// <summary>Removes all of ours when no container is attached; else leaves it, for the containers run on.</summary>
    public Task ShutdownAsync(CancellationToken cancel = default) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static EngineException NotYet() => new(ErrorKind.NotImplemented, "Bridge networks are not supported by this build.");
}
