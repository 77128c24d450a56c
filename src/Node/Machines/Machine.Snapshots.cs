using Yun.Node.Containers;
using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

// Snapshots lie inside the disks, the memory's among them in the first that is written to.
public sealed partial class Machine
{
    private const string SnapshotJob = "snapshot";

    /// <summary>Keeps disks, and memory where it runs, as they are at this moment. A running guest stands still meanwhile.</summary>
    public async Task SnapshotAsync(string name, CancellationToken cancel = default)
    {
        Validation.Name(name);
        using (await TakeTurnAsync(cancel))
        {
            RequireNotSaved("a snapshot");
            if (_record.Snapshots.Any(known => known.Name == name)) throw new EngineException(ErrorKind.Conflict, $"The snapshot {name} of machine {Name} is there already.");
            var nodes = SnapshotNodes();
            await WithQemuAsync(session => RunSnapshotJobAsync(session, "snapshot-save", name, nodes, cancel), cancel);
            await SaveAsync(_record with { Snapshots = [.. _record.Snapshots, new MachineSnapshot(name, Engine.Time.GetUtcNow(), State.IsLive)] });
        }
        Publish("snapshot", ("snapshot", name));
    }

    /// <summary>Puts everything back to how it was. From a snapshot of a running machine it goes on from there, also when it was stopped meanwhile.</summary>
    public async Task RestoreAsync(string name, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            var snapshot = FindSnapshot(name);
            if (!snapshot.Running) RequireStopped($"it is restored to {name}, which was taken while it did not run");
            var nodes = SnapshotNodes();
            if (State.IsLive) await RunSnapshotJobAsync(await SessionAsync(cancel), "snapshot-load", name, nodes, cancel);
            else
            {
                // What was saved belongs to disks that are no more.
                if (State.Saved) await SaveAsync(_record with { State = State with { Saved = false } });
                await using var undo = new Undo();
                var ended = Expect(undo);
                var session = await LaunchAsync(ended, undo, cancel);
                await RunSnapshotJobAsync(session, "snapshot-load", name, nodes, cancel);
                if (snapshot.Running)
                {
                    await session.ExecuteAsync("cont", cancel);
                    undo.Keep();
                    await BegunAsync(_record with { RestartCount = 0, StoppedByUser = false }, ended);
                }
            }
        }
        Publish("restore", ("snapshot", name));
    }

    public async Task RemoveSnapshotAsync(string name, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            FindSnapshot(name);
            RequireNotSaved("removing a snapshot");
            await WithQemuAsync(async session =>
            {
                await session.ExecuteAsync("snapshot-delete", new QmpSnapshot(SnapshotJob, name, null, SnapshotNodes()), QmpJson.Default.QmpSnapshot, cancel);
                await AwaitJobAsync(session, SnapshotJob, cancel);
            }, cancel);
            await SaveAsync(_record with { Snapshots = [.. _record.Snapshots.Where(known => known.Name != name)] });
        }
    }

    private MachineSnapshot FindSnapshot(string name) => _record.Snapshots.FirstOrDefault(known => known.Name == name) ?? throw new EngineException(ErrorKind.NotFound, $"No such snapshot of machine {Name}: {name}");

    private void RequireNotSaved(string what)
    {
        if (State is { IsLive: false, Saved: true }) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} is saved: start it before {what}.");
    }

    private static async Task RunSnapshotJobAsync(QmpSession session, string command, string name, List<string> nodes, CancellationToken cancel)
    {
        await session.ExecuteAsync(command, new QmpSnapshot(SnapshotJob, name, nodes[0], nodes), QmpJson.Default.QmpSnapshot, cancel);
        await AwaitJobAsync(session, SnapshotJob, cancel);
    }

    private List<string> SnapshotNodes()
    {
        var nodes = new List<string>();
        for (var i = 0; i < _record.Disks.Count; i++)
        {
            if (_record.Disks[i].ReadOnly) continue;
            if (_record.Disks[i].Format != DiskFormat.Qcow2) throw new EngineException(ErrorKind.Conflict, $"The disk {_record.Disks[i].HostPath} of machine {Name} is raw, and a raw disk has no place for snapshots: convert it with 'qemu-img convert -O qcow2'.");
            nodes.Add(MachineArguments.NodeOf(i));
        }
        return nodes.Count > 0 ? nodes : throw new EngineException(ErrorKind.Conflict, $"Machine {Name} has no disk that it writes to, and so no place for snapshots.");
    }
}
