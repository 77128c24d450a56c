using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;
using Yun.Runtime.Keep.Logs;

namespace Yun.Runtime.Keep;

/// <summary>
/// A process and its streams, from its start until it is forgotten:
///
///   running --pidfd readable--> ended: exit recorded on disk, reaped, cgroup emptied --\
///      \----------------------> ended: output read to its end, log closed -------------+--> told to all connections --> forgotten
/// </summary>
internal sealed class KeptProcess : IDisposable
{
    // As long as Docker waits for the streams of an ended container, when another process still has them.
    private static readonly TimeSpan s_drainTime = TimeSpan.FromSeconds(2);

    private readonly KeepContext _context;
    private readonly KeeperStart _request;
    private readonly Action<KeptProcess> _ended;
    private readonly SafeFileHandle _pidFd;
    private readonly Watch _end;
    private readonly SafeFileHandle? _terminalSlave;
    private readonly StdinPipe? _stdin;
    private readonly List<OutputPipe> _outputs = [];
    private readonly List<AttachedClient> _clients = [];
    private readonly ContainerLog? _log;
    private readonly string? _cgroupPath;
    private KeeperExit? _settledExit;
    private bool _hasEnded, _logClosing, _logClosed;

    /// <param name="ended">Called once, when <see cref="Exit"/> is set; not when it is from the beginning.</param>
    public KeptProcess(ProcessState state, ContainerLog? log, KeepContext context, Action<KeptProcess> ended)
    {
        (_context, _request, _log, _ended, _cgroupPath) = (context, state.Start, log, ended, state.CgroupPath);
        (Pid, StartedAt, Exit, Terminal, _terminalSlave) = (state.Pid, state.StartedAt, state.Exit, state.Terminal, state.TerminalSlave);
        (_settledExit, _hasEnded, _pidFd) = (Exit, Exit is not null, state.PidFd ?? new SafeFileHandle());
        if (state.PidFd is null) _pidFd.Dispose();
        if (state.Stdin is not null) _stdin = new StdinPipe(state.Stdin, context.Loop, InputTaken, state.StdinWaiting, state.StdinEnds);
        // A terminal's output and the terminal are one descriptor.
        foreach (var output in state.Outputs) _outputs.Add(new OutputPipe(output, this, log, context));
        _end = new Watch(context.Loop, _pidFd, _ => ProcessEnded());
    }

    /// <summary>What the constructor goes on from; not while it is between its end and <see cref="Exit"/>. All that was written is in the log then.</summary>
    public ProcessState State()
    {
        _log?.Flush();
        var state = new ProcessState { Start = _request, Pid = Pid, StartedAt = StartedAt, CgroupPath = _cgroupPath, Exit = Exit, Terminal = Terminal };
        foreach (var output in _outputs)
            if (!output.HasEnded) state.Outputs.Add(output.State);
        if (Exit is not null) return state;
        (state.PidFd, state.TerminalSlave) = (_pidFd, _terminalSlave);
        if (_stdin is { Handle.IsClosed: false }) (state.Stdin, state.StdinWaiting, state.StdinEnds) = (_stdin.Handle, _stdin.Waiting.ToArray(), _stdin.IsEnding);
        return state;
    }

    /// <summary>Whether all that follows from its end is done, or it runs.</summary>
    public bool IsSettled => !_hasEnded || Exit is not null;

    public IReadOnlyList<AttachedClient> Clients => _clients;

    /// <summary>Its end waits to be seen until <see cref="Run"/>.</summary>
    public void HoldEnd() => _end.Pause();

    public string ProcessId => _request.ProcessId;
    public string ContainerId => _request.ContainerId;
    public bool IsExec => _request.Exec;
    public int Pid { get; }
    public DateTime StartedAt { get; }
    public SafeFileHandle? Terminal { get; }

    /// <summary>Set when it has ended, its output was read and all is recorded.</summary>
    public KeeperExit? Exit { get; private set; }

    public bool IsRunning => !_hasEnded;

    public bool InputHasRoom => _stdin is null || _stdin.HasRoom;

    public void Run()
    {
        if (!_hasEnded) _end.For(EpollEvents.Readable);
        HoldUpOrResume();
    }

    public Errno Signal(int signal) => _hasEnded ? Errno.ESRCH : ProcessDescriptor.Signal(_pidFd, signal);

    /// <summary>False when the log is closed already.</summary>
    public bool TryClearLog()
    {
        if (_logClosing) return false;
        _log?.Clear();
        return true;
    }

    /// <summary>What the daemon holds on to: the pidfd and the output's ends, as long as they are open.</summary>
    public List<SafeFileHandle> PassedDescriptors()
    {
        var descriptors = new List<SafeFileHandle>();
        if (_pidFd.IsClosed) return descriptors;
        descriptors.Add(_pidFd);
        foreach (var output in _outputs)
            if (!output.HasEnded) descriptors.Add(output.Handle);
        return descriptors;
    }

    public void Attach(AttachedClient client)
    {
        _clients.Add(client);
        client.Attach(this);
    }

    public void Detached(AttachedClient client)
    {
        _clients.Remove(client);
        HoldUpOrResume();
    }

    public void Deliver(OutputKind kind, OutputBuffer output, int count)
    {
        if (_clients.Count == 0) return;
        for (var i = 0; i < _clients.Count; i++) _clients[i].Deliver(kind, output, count);
        HoldUpOrResume();
    }

    public void Input(ReadOnlySpan<byte> bytes) => _stdin?.Write(bytes);

    /// <summary>A client's input has ended. False when the client has to go with it, as Docker has it where the process's input stays open.</summary>
    public bool ClientInputEnded()
    {
        if (!_request.StdinOnce || Terminal is not null) return false;
        _stdin?.End();
        return true;
    }

    public void ClientCaughtUp() => HoldUpOrResume();

    public void OutputEnded() => TellWhenComplete();

    public void Dispose()
    {
        _end.Dispose();
        _pidFd.Dispose();
        _stdin?.Dispose();
        _terminalSlave?.Dispose();
        foreach (var output in _outputs) output.Dispose();
    }

    private void InputTaken()
    {
        for (var i = 0; i < _clients.Count; i++) _clients[i].InputHasRoom();
    }

    // After the end nobody is held up: what the pipes still have is bounded, and the exit is waited for.
    private void HoldUpOrResume()
    {
        var behind = false;
        if (!_hasEnded)
            foreach (var client in _clients) behind |= client.IsBehind;
        foreach (var output in _outputs)
        {
            if (output.HasEnded) continue;
            if (behind) output.Pause();
            else output.Resume();
        }
    }

    private void ProcessEnded()
    {
        if (_hasEnded || ProcessDescriptor.Poll(_pidFd, reap: false) is not { } end) return;
        _hasEnded = true;
        _end.Dispose();
        var exit = new KeeperExit { ProcessId = ProcessId, ContainerId = ContainerId, Pid = Pid, ExitCode = end.Code, At = DateTime.UtcNow };
        var settlement = new ExitSettlement(exit, _request.ExitPath, IsExec ? null : _cgroupPath);
        _context.Workers.Run(() =>
        {
            settlement.Record();
            ProcessDescriptor.Poll(_pidFd, reap: true);
            settlement.EmptyCgroup();
            _context.Loop.Post(() => Settled(exit));
        });
        _stdin?.Dispose();
        _terminalSlave?.Dispose();
        Drain();
        HoldUpOrResume();
    }

    private void Settled(KeeperExit exit)
    {
        _settledExit = exit;
        _pidFd.Dispose();
        Drain();
        if (Exit is null) _context.Loop.After(s_drainTime, AbandonOutput);
        TellWhenComplete();
    }

    private void Drain()
    {
        for (var i = 0; i < _outputs.Count; i++) _outputs[i].Drain();
    }

    private void AbandonOutput()
    {
        if (Exit is not null) return;
        foreach (var output in _outputs) output.Abandon();
        TellWhenComplete();
    }

    private void TellWhenComplete()
    {
        if (_settledExit is null || Exit is not null) return;
        foreach (var output in _outputs)
            if (!output.HasEnded && !output.IsAbandoned) return;
        if (_log is not null && !_logClosed)
        {
            if (!_logClosing) _log.Close(() => _context.Loop.Post(LogClosed));
            _logClosing = true;
            return;
        }
        Exit = _settledExit;
        foreach (var client in _clients.ToArray()) client.Finish();
        _ended(this);
    }

    private void LogClosed()
    {
        _logClosed = true;
        TellWhenComplete();
    }
}
