using System.Threading.Channels;
using Yun.Linux;
using Yun.Node.Machines.Agents;
using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

// What QEMU tells while it runs. Events are taken in their order by one loop, which ends with the listener.
public sealed partial class Machine
{
    private const int EventsWaitingMax = 256;
    private const ulong RoomBytesMin = 16 << 20;
    private const string NoRoom = "the host's disk is full";
    private static readonly TimeSpan s_roomLook = TimeSpan.FromSeconds(1), s_sessionMax = TimeSpan.FromSeconds(5);

    private Channel<QmpEvent> _events = NewChannel();
    private Task _listening = Task.CompletedTask;
    // Why QEMU will have ended, when it has said so before.
    private volatile string _cause = "";

    internal string QmpFolder => SandboxSocket.FolderOf(Engine.Options, Id);

    private void ListenForQemu()
    {
        _cause = "";
        var events = _events = NewChannel();
        _qmp = new QmpListener(QmpFolder, User, happened => { if (!TakeAtOnce(happened)) events.Writer.TryWrite(happened); });
        _agent = _record.HasAgentPort ? new AgentListener(QmpFolder, User, Name) : null;
        _listening = Task.Run(() => ListenAsync(events));
    }

    private async ValueTask StopListeningAsync()
    {
        if (_qmp is { } listener) await listener.DisposeAsync();
        if (_agent is { } agent) await agent.DisposeAsync();
        (_qmp, _agent) = (null, null);
        _events.Writer.TryComplete();
        SandboxSocket.Remove(QmpFolder);
    }

    /// <exception cref="EngineException">Unavailable: QEMU does not speak with us.</exception>
    private async Task<QmpSession> SessionAsync(CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_sessionMax);
        try { return await (_qmp ?? throw new EngineException(ErrorKind.Unavailable, $"QEMU of machine {Name} has ended.")).SessionAsync(deadline.Token); }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested) { throw new EngineException(ErrorKind.Unavailable, $"QEMU of machine {Name} does not answer."); }
    }

    private async Task ListenAsync(Channel<QmpEvent> events)
    {
        await foreach (var happened in events.Reader.ReadAllAsync())
        {
            try { await TakeAsync(happened); }
            catch (Exception failed) when (failed is EngineException or QmpException or IOException) { Engine.Log.Debug($"Machine {Name}, {happened.Name}: {failed.Message}"); }
        }
    }

    /// <summary>What needs no turn is told before the end that may follow it. False for the rest.</summary>
    private bool TakeAtOnce(QmpEvent happened)
    {
        switch (happened.Name)
        {
            case "SHUTDOWN":
                if (_cause == "") _cause = happened.Text("reason") switch { "guest-shutdown" => "the guest shut down", "guest-panic" => "the guest panicked", "host-qmp-quit" or "host-signal" => "it was stopped", var other => other };
                return true;
            case "GUEST_PANICKED": Publish("panic", ("action", happened.Text("action"))); return true;
            case "WATCHDOG": Publish("watchdog", ("action", happened.Text("action"))); return true;
            case "RESET" when State.IsLive && happened.Flag("guest"): Publish("reset", ("cause", happened.Text("reason"))); return true;
            default: return happened.Name is not ("BLOCK_IO_ERROR" or "STOP" or "RESUME");
        }
    }

    private Task TakeAsync(QmpEvent happened) => happened.Name == "BLOCK_IO_ERROR" ? TakeDiskErrorAsync(happened) : SeeStatusAsync();

    private async Task TakeDiskErrorAsync(QmpEvent error)
    {
        var full = error.Flag("nospace");
        // A guest has many requests on their way, and each of them fails.
        if (full && State.Cause == NoRoom) return;
        Publish("io-error", ("disk", error.Text("node-name")), ("operation", error.Text("operation")), ("action", error.Text("action")), ("reason", full ? NoRoom : error.Text("reason")));
        if (error.Text("action") != "stop") return;
        using (await TakeTurnAsync(Engine.Stopping))
        {
            if (State.Status != MachineStatus.Running) return;
            await SaveAsync(_record with { State = State with { Status = MachineStatus.Paused, Cause = full ? NoRoom : $"a disk failed: {error.Text("reason")}" } });
        }
        Publish("pause", ("cause", State.Cause));
        if (full) Engine.Track(AwaitRoomAsync());
    }

    /// <summary>A guest that stopped because a disk of the host was full goes on when there is room.</summary>
    private async Task AwaitRoomAsync()
    {
        try
        {
            while (State is { Status: MachineStatus.Paused, Cause: NoRoom })
            {
                await Task.Delay(s_roomLook, Engine.Time, Engine.Stopping);
                if (_record.Disks.Any(disk => FileSystemRoom.Of(disk.HostPath != "" ? disk.HostPath : Directory).FreeBytes < RoomBytesMin)) continue;
                await ResumeAsync("there is room again", Engine.Stopping);
                return;
            }
        }
        catch (OperationCanceledException) { }
        catch (Exception failed) when (failed is EngineException or SyscallException) { Engine.Log.Warn($"Machine {Name} does not go on by itself: {failed.Message}"); }
    }

    /// <summary>Brings the record to what QEMU says that it does: it may have been paused or resumed by itself, or while there was no daemon.</summary>
    private async Task SeeStatusAsync()
    {
        using (await TakeTurnAsync(Engine.Stopping))
        {
            if (!State.IsLive) return;
            var status = await (await SessionAsync(Engine.Stopping)).ExecuteAsync("query-status", QmpJson.Default.QmpStatus, Engine.Stopping);
            var seen = status.Running ? MachineStatus.Running : MachineStatus.Paused;
            if (seen == State.Status) return;
            var cause = status.Status == "io-error" ? NoRoom : status.Running ? "" : status.Status;
            await SaveAsync(_record with { State = State with { Status = seen, Cause = cause } });
            Publish(status.Running ? "resume" : "pause", ("cause", cause));
            if (cause == NoRoom) Engine.Track(AwaitRoomAsync());
        }
    }

    private static Channel<QmpEvent> NewChannel() => Channel.CreateBounded<QmpEvent>(new BoundedChannelOptions(EventsWaitingMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
}
