using Microsoft.Win32.SafeHandles;
using Yun.Protocol;

namespace Yun.Node.Keeper;

/// <summary>
/// A process that the keeper has started. It holds the pidfd until it is forgotten, and the reading ends of the output while it runs: should the
/// keeper die, writing to them blocks instead of killing the container with SIGPIPE.
/// </summary>
public sealed class KeptProcess : IDisposable
{
    private readonly IReadOnlyList<SafeFileHandle> _outputs;
    private volatile KeeperExit? _exit;

    internal KeptProcess(KeeperProcess process, SafeFileHandle? pidFd, IReadOnlyList<SafeFileHandle> outputs)
    {
        (ProcessId, ContainerId, Exec, Pid, StartedAt, Terminal) = (process.ProcessId, process.ContainerId, process.Exec, process.Pid, process.StartedAt, process.Terminal);
        (PidFd, _outputs, _exit) = (pidFd ?? new SafeFileHandle(-1, false), outputs, process.Exit);
    }

    public string ProcessId { get; }
    public string ContainerId { get; }
    public bool Exec { get; }
    public int Pid { get; }
    public DateTime StartedAt { get; }
    public bool Terminal { get; }

    /// <summary>Invalid when the process had already been reaped.</summary>
    public SafeFileHandle PidFd { get; }

    /// <summary>How it ended; null while it runs.</summary>
    public KeeperExit? Exit => _exit;

    public void Dispose()
    {
        PidFd.Dispose();
        CloseOutputs();
    }

    internal void Ended(KeeperExit exit)
    {
        _exit = exit;
        CloseOutputs();
    }

    private void CloseOutputs()
    {
        foreach (var output in _outputs)
            output.Dispose();
    }
}
