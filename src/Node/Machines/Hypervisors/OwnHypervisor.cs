namespace Yun.Node.Machines.Hypervisors;

/// <summary>QEMU, driven by this daemon.</summary>
internal sealed class OwnHypervisor(Engine engine) : IHypervisor
{
    public string Description => ImageMachines.HasKvm ? "qemu/kvm" : "qemu/tcg";

    public Task<IReadOnlyList<MachineRecord>> ListAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<MachineRecord>>([.. engine.Machines.List().Select(machine => machine.Record)]);

    public Task<MachineRecord> FindAsync(string name, CancellationToken cancel) => Task.FromResult(engine.Machines.Find(name).Record);

    public async Task<string> CreateAsync(string? name, MachineConfig config, CancellationToken cancel) => (await engine.Machines.CreateAsync(name, config, cancel)).Id;

    // What has begun is not given up with the client.
    public Task<bool> StartAsync(string name, bool fresh, CancellationToken cancel) => engine.Machines.Find(name).StartAsync(fresh, CancellationToken.None);

    public Task<bool> StopAsync(string name, int? timeoutSeconds, CancellationToken cancel) => engine.Machines.Find(name).StopAsync(timeoutSeconds, CancellationToken.None);

    public Task RestartAsync(string name, int? timeoutSeconds, CancellationToken cancel) => engine.Machines.Find(name).RestartAsync(timeoutSeconds, CancellationToken.None);

    public Task KillAsync(string name, CancellationToken cancel) => engine.Machines.Find(name).KillAsync(CancellationToken.None);

    public Task PauseAsync(string name, CancellationToken cancel) => engine.Machines.Find(name).PauseAsync(CancellationToken.None);

    public Task ResumeAsync(string name, CancellationToken cancel) => engine.Machines.Find(name).ResumeAsync(CancellationToken.None);

    public Task SaveAsync(string name, CancellationToken cancel) => engine.Machines.Find(name).SaveStateAsync(CancellationToken.None);

    public Task RemoveAsync(string name, bool force, CancellationToken cancel) => engine.Machines.Find(name).RemoveAsync(force, CancellationToken.None);
}
