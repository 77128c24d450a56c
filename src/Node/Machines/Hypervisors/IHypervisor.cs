using Yun.Protocol;

namespace Yun.Node.Machines.Hypervisors;

/// <summary>What runs whole machines: QEMU that this daemon drives itself, or whatever libvirt reaches by a URI. Machines are named by name or id.</summary>
/// <remarks>Everything throws <see cref="EngineException"/>: NotFound for a machine that is not there, Conflict for one whose state does not allow it, else what the hypervisor said, in its own words.</remarks>
public interface IHypervisor
{
    /// <summary>For people: <c>qemu/kvm</c>, <c>qemu/tcg</c>, or a URI.</summary>
    string Description { get; }

    Task<IReadOnlyList<MachineRecord>> ListAsync(CancellationToken cancel);

    Task<MachineRecord> FindAsync(string name, CancellationToken cancel);

    /// <summary>Gives the id.</summary>
    /// <param name="name">Null makes one up.</param>
    Task<string> CreateAsync(string? name, MachineConfig config, CancellationToken cancel);

    /// <summary>False when it runs already.</summary>
    Task<bool> StartAsync(string name, bool fresh, CancellationToken cancel);

    /// <summary>False when it does not run.</summary>
    Task<bool> StopAsync(string name, int? timeoutSeconds, CancellationToken cancel);

    async Task RestartAsync(string name, int? timeoutSeconds, CancellationToken cancel)
    {
        await StopAsync(name, timeoutSeconds, cancel);
        await StartAsync(name, fresh: false, cancel);
    }

    Task KillAsync(string name, CancellationToken cancel);

    Task PauseAsync(string name, CancellationToken cancel);

    Task ResumeAsync(string name, CancellationToken cancel);

    /// <summary>Writes its memory down and ends it; the next start goes on from there.</summary>
    Task SaveAsync(string name, CancellationToken cancel);

    Task RemoveAsync(string name, bool force, CancellationToken cancel);
}
