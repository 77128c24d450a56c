using Yun.Protocol;

namespace Yun.Node.Machines;

public enum MachineAction { Start, Pause, Resume, Exit, Retry, Remove }

/// <summary>Which status of a machine follows which. What is not in the table cannot happen.</summary>
public static class MachineLife
{
    /// <exception cref="EngineException">Conflict.</exception>
    public static MachineStatus Next(MachineStatus now, MachineAction action) => (now, action) switch
    {
        (MachineStatus.Created or MachineStatus.Exited or MachineStatus.Restarting, MachineAction.Start) => MachineStatus.Running,
        (MachineStatus.Running, MachineAction.Pause) => MachineStatus.Paused,
        (MachineStatus.Paused, MachineAction.Resume) => MachineStatus.Running,
        (MachineStatus.Running or MachineStatus.Paused or MachineStatus.Restarting, MachineAction.Exit) => MachineStatus.Exited,
        (MachineStatus.Running or MachineStatus.Paused or MachineStatus.Exited or MachineStatus.Restarting, MachineAction.Retry) => MachineStatus.Restarting,
        (MachineStatus.Created or MachineStatus.Exited, MachineAction.Remove) => MachineStatus.Removing,
        _ => throw new EngineException(ErrorKind.Conflict, $"Cannot {action.ToString().ToLowerInvariant()} a machine that is {now.ToString().ToLowerInvariant()}."),
    };
}
