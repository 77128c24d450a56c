using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Runtime.Keep;

internal sealed partial class Keeper
{
    private void Start(ControlConnection connection, long id, KeeperStart request, ReadOnlyMemory<byte> spec, List<SafeFileHandle> descriptors)
    {
        var process = new ProcessStart(request, spec.ToArray(), descriptors, CheckStart(request), _context);
        _starting.Add(request.ProcessId);
        _reaper.StartBegins();
        _context.Workers.Run(() =>
        {
            process.Launch();
            _loop.Post(() => Started(connection, id, process));
        });
    }

    private int? CheckStart(KeeperStart request)
    {
        if (_starting.Contains(request.ProcessId) || _processes.TryGetValue(request.ProcessId, out var before) && before.Exit is null)
            throw new EngineException(ErrorKind.Conflict, $"{request.ProcessId} is already running.");
        if (!request.Exec) return null;
        foreach (var process in _processes.Values)
            if (process.ContainerId == request.ContainerId && !process.IsExec && process.IsRunning) return process.Pid;
        throw new EngineException(ErrorKind.Conflict, $"Container {request.ContainerId} is not running.");
    }

    private void Started(ControlConnection connection, long id, ProcessStart start)
    {
        _starting.Remove(start.Request.ProcessId);
        _early.Remove(start.Request.ProcessId, out var clients);
        if (start.Error is { } error)
        {
            start.Dispose();
            _reaper.StartEnds();
            foreach (var client in clients?.ToArray() ?? []) client.Finish();
            connection.Send(new KeeperReply { Id = id, Error = error });
            return;
        }
        ForgetNow(start.Request.ProcessId);
        var process = new KeptProcess(start.Kept(), start.Log, _context, Ended);
        _processes.Add(process.ProcessId, process);
        _pids.Add(process.Pid);
        _reaper.StartEnds();
        foreach (var client in clients ?? []) process.Attach(client);
        // The answer goes before the end of a process that has ended already, which only the loop finds.
        connection.Send(new KeeperReply { Id = id, Processes = [Describe(process, out var descriptors)] }, descriptors);
        process.Run();
    }

    private void Ended(KeptProcess process)
    {
        _pids.Remove(process.Pid);
        var news = new KeeperReply { Exited = process.Exit };
        foreach (var connection in (ControlConnection[])[.. _connections])
            if (connection.IsGreeted) connection.Send(news);
        _reaper.Reap();
    }

    private void List(ControlConnection connection, long id)
    {
        var reply = new KeeperReply { Id = id, Processes = [] };
        var descriptors = new List<SafeFileHandle>();
        foreach (var process in _processes.Values)
        {
            var description = Describe(process, out var own);
            if (descriptors.Count + own.Count > KeeperProtocol.DescriptorsMax)
            {
                reply.More = true;
                connection.Send(reply, descriptors);
                (reply, descriptors) = (new KeeperReply { Id = id, Processes = [] }, []);
            }
            reply.Processes.Add(description);
            descriptors.AddRange(own);
        }
        connection.Send(reply, descriptors);
    }

    private static KeeperProcess Describe(KeptProcess process, out List<SafeFileHandle> descriptors)
    {
        descriptors = process.PassedDescriptors();
        return new KeeperProcess
        {
            ProcessId = process.ProcessId, ContainerId = process.ContainerId, Exec = process.IsExec, Pid = process.Pid, StartedAt = process.StartedAt,
            Terminal = process.Terminal is not null, Descriptors = descriptors.Count, Exit = process.Exit,
        };
    }

    private void Attach(KeeperAttach request, SafeFileHandle socket)
    {
        Attach(new AttachedClient(new ClientState { Wanted = request, Socket = socket }, _context, Detach));
    }

    private void Attach(AttachedClient client)
    {
        if (_processes.TryGetValue(client.ProcessId, out var process) && process.Exit is null)
        {
            process.Attach(client);
            return;
        }
        if (!_early.TryGetValue(client.ProcessId, out var clients)) _early.Add(client.ProcessId, clients = []);
        clients.Add(client);
    }

    private void Detach(AttachedClient client)
    {
        if (_processes.TryGetValue(client.ProcessId, out var process)) process.Detached(client);
        if (!_early.TryGetValue(client.ProcessId, out var clients)) return;
        clients.Remove(client);
        if (clients.Count == 0) _early.Remove(client.ProcessId);
    }

    private void Resize(KeeperResize request)
    {
        var terminal = Find(request.ProcessId).Terminal;
        if (terminal is null || terminal.IsClosed) throw new EngineException(ErrorKind.Conflict, $"{request.ProcessId} has no terminal.");
        Terminals.Resize(terminal, request.Rows, request.Columns);
    }

    private void Signal(KeeperSignal request)
    {
        switch (Find(request.ProcessId).Signal(request.Signal))
        {
            case Errno.None: return;
            case Errno.ESRCH: throw new EngineException(ErrorKind.Conflict, $"{request.ProcessId} is not running.");
            case Errno.EINVAL: throw new EngineException(ErrorKind.InvalidArgument, $"{request.Signal} is not a signal.");
            case var errno: throw new SyscallException("pidfd_send_signal", errno, request.ProcessId);
        }
    }

    private void ClearLog(KeeperClearLog request)
    {
        if (!Find(request.ProcessId).TryClearLog()) throw new EngineException(ErrorKind.Conflict, $"{request.ProcessId} is not running.");
    }

    private void Forget(string processId)
    {
        if (_starting.Contains(processId) || _processes.TryGetValue(processId, out var process) && process.Exit is null)
            throw new EngineException(ErrorKind.Conflict, $"{processId} is still running.");
        ForgetNow(processId);
    }

    private void ForgetNow(string processId)
    {
        if (_processes.Remove(processId, out var process)) process.Dispose();
    }

    private KeptProcess Find(string processId) =>
        _processes.GetValueOrDefault(processId) ?? throw new EngineException(ErrorKind.NotFound, $"{processId} is not kept here.");
}
