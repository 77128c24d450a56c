using System.Text.Json;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>
/// One whole virtual machine. Who reads takes <see cref="Record"/>; who changes it takes its turn first, and nobody holds the turn while waiting for the guest.
/// What can be done with a machine is beside this file, one topic each: Machine.Start.cs, Machine.Stop.cs, Machine.Snapshots.cs…
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose of; the rest ends with the run.")]
public sealed partial class Machine
{
    private static readonly TimeSpan s_turnMax = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile MachineRecord _record;

    internal Machine(Engine engine, MachineRecord record) => (Engine, _record) = (engine, record);

    public Engine Engine { get; }

    /// <summary>As it is at this moment.</summary>
    public MachineRecord Record => _record;

    public string Id => _record.Id;
    public string Name => _record.Name;
    public MachineState State => _record.State;
    public MachineConfig Config => _record.Config;

    /// <summary>machines/instances/ID under the data root: everything on disk that is this machine's.</summary>
    public string Directory => Path.Combine(Engine.Machines.Folder, Id);
    public string LogPath => Path.Combine(Directory, Id + "-json.log");
    public string Hostname => Config.Hostname != "" ? Config.Hostname : Name;

    /// <summary>What the guest has.</summary>
    public static long MemoryOf(MachineConfig config) => MachineValidation.MemoryOf(config);

    internal string ExitPath => Path.Combine(Directory, "exit.json");
    internal string CgroupPath => $"/{Engine.Options.CgroupName}/{Id}";

    private uint User => MachineSandbox.UserOf(Id);

    private string PathOf(string file) => Path.Combine(Directory, file);

    /// <summary>Publishes an event of the type <c>machine</c> with its name, labels and these.</summary>
    internal void Publish(string action, params ReadOnlySpan<(string Name, string Value)> attributes)
    {
        var all = new Dictionary<string, string>(Config.Labels) { ["name"] = Name };
        foreach (var (name, value) in attributes) all[name] = value;
        Engine.Events.Publish("machine", action, Id, all);
    }

    internal async Task<Turn> TakeTurnAsync(CancellationToken cancel = default) =>
        await _turn.WaitAsync(s_turnMax, cancel) ? new Turn(this) : throw new EngineException(ErrorKind.Unavailable, $"Machine {Name} is busy: an earlier operation on it has not ended for a minute.");

    private async Task<Turn> TakeTurnAtLastAsync()
    {
        await _turn.WaitAsync();
        return new Turn(this);
    }

    /// <summary>Makes <paramref name="next"/> the record, and returns when it is on disk. The caller holds the turn.</summary>
    internal async Task SaveAsync(MachineRecord next)
    {
        _record = next;
        await Engine.Store.PutAsync(MachineTable.Prefix + next.Id, JsonSerializer.SerializeToUtf8Bytes(next, MachineRecordJson.Default.MachineRecord));
    }

    private void RequireLive(string what)
    {
        if (!State.IsLive) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} is not running: {what} needs one that is.");
    }

    private void RequireStopped(string what)
    {
        if (State.IsLive || State.Status == MachineStatus.Restarting) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} is {State.Word}: stop it before {what}.");
    }

    internal readonly struct Turn(Machine owner) : IDisposable
    {
        public void Dispose() => owner._turn.Release();
    }
}
