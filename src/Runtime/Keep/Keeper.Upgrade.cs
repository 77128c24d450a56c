using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;
using Yun.Runtime.Keep.Logs;

namespace Yun.Runtime.Keep;

/// <summary>
/// Becoming another version of the program, in the same process, so that all children stay its children:
///
///   asked --> no request, connection and end of a process is taken any more --> starts and ends under way are done --> execve --> the next version goes on
///                                                                                     \-- not in time, or no execve --> all is taken again, and the asker told
/// </summary>
internal sealed partial class Keeper
{
    // Below the daemon's own patience, so that its answer is this one.
    private static readonly TimeSpan s_quietDeadline = TimeSpan.FromSeconds(8), s_quietPause = TimeSpan.FromMilliseconds(10);

    private bool _isUpgrading;

    /// <summary>Goes on with what a former version of this program kept. Called once, before anything is started.</summary>
    public void TakeOver(KeepState state)
    {
        foreach (var left in state.Processes)
        {
            var process = new KeptProcess(left, left.Exit is null && left.Start.Log is { } log ? Reopen(log) : null, _context, Ended);
            _processes.Add(process.ProcessId, process);
            if (process.IsRunning) _pids.Add(process.Pid);
        }
        foreach (var client in state.Clients)
        {
            var attached = new AttachedClient(client, _context, Detach);
            // One that has only to be sent the rest belongs to a process that has ended.
            if (client.Finishing && _processes.TryGetValue(attached.ProcessId, out var ended)) ended.Attach(attached);
            else Attach(attached);
        }
        foreach (var (name, descriptors) in state.Held) _held.Add(name, descriptors);
        foreach (var process in _processes.Values) process.Run();
        _reaper.Reap();
    }

    private void Upgrade(ControlConnection connection, long id, KeeperUpgrade request, SafeFileHandle program)
    {
        if (request.StateVersion != KeeperProtocol.StateVersion)
            throw new EngineException(ErrorKind.NotImplemented, $"The keeper leaves its state in version {KeeperProtocol.StateVersion}, and the program given reads version {request.StateVersion}.");
        if (_isUpgrading) throw new EngineException(ErrorKind.Conflict, "The keeper is being upgraded already.");
        _isUpgrading = true;
        _accepting.Pause();
        foreach (var each in _connections) each.Pause();
        foreach (var process in _processes.Values) process.HoldEnd();
        var due = Environment.TickCount64 + (long)s_quietDeadline.TotalMilliseconds;
        WhenQuiet(due, error =>
        {
            program.Dispose();
            _isUpgrading = false;
            foreach (var process in _processes.Values) process.Run();
            foreach (var each in _connections) each.Resume();
            _accepting.For(EpollEvents.Readable);
            connection.Send(new KeeperReply { Id = id, Error = error });
        }, program);
    }

    private void WhenQuiet(long due, Action<KeeperError> refuse, SafeFileHandle program)
    {
        var isQuiet = _starting.Count == 0 && _making == 0;
        foreach (var process in _processes.Values) isQuiet &= process.IsSettled;
        if (!isQuiet)
        {
            if (Environment.TickCount64 < due) _loop.After(s_quietPause, () => WhenQuiet(due, refuse, program));
            else refuse(new KeeperError { Kind = ErrorKind.Unavailable, Message = "Starts or ends of containers are under way that do not come to an end." });
            return;
        }
        try
        {
            _become(State(), program);
        }
        catch (SyscallException error)
        {
            refuse(new KeeperError { Kind = ErrorKind.Internal, Message = error.Message, Step = error.Call, Errno = (int)error.Errno });
        }
    }

    private KeepState State()
    {
        var state = new KeepState();
        foreach (var process in _processes.Values)
        {
            state.Processes.Add(process.State());
            foreach (var client in process.Clients) state.Clients.Add(client.State);
        }
        foreach (var clients in _early.Values)
            foreach (var client in clients) state.Clients.Add(client.State);
        foreach (var (name, descriptors) in _held) state.Held.Add(name, descriptors);
        return state;
    }

    private ContainerLog? Reopen(KeeperLog log)
    {
        try
        {
            return new ContainerLog(log, _context.Records);
        }
        catch (SyscallException error)
        {
            Journal.Write($"log {log.Path} is not opened again, and lines are lost: {error.Message}");
            return null;
        }
    }
}
