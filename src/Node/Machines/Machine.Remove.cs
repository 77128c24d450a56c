using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class Machine
{
    /// <summary>Removes it with all that is its own. Files of the host that it used stay.</summary>
    /// <param name="force">Pull its plug first if it runs.</param>
    public async Task RemoveAsync(bool force, CancellationToken cancel = default)
    {
        if (force && (State.IsLive || State.Status == MachineStatus.Restarting))
        {
            try { await KillAsync(cancel); }
            // It has ended by itself meanwhile.
            catch (EngineException error) when (error.Kind == ErrorKind.Conflict) { }
        }
        using (await TakeTurnAsync(cancel))
        {
            if (_removed.Task.IsCompleted) return;
            RequireStopped("it is removed, or force it");
            CancelRetry();
            await _settled;
            var exitCode = State.ExitCode;
            _record = _record with { State = State with { Status = MachineLife.Next(State.Status, MachineAction.Remove) } };
            Engine.Trash.Throw(Directory);
            await Engine.Machines.ForgetAsync(this);
            Publish("destroy");
            _removed.TrySetResult(new WaitResult(exitCode));
        }
    }
}
