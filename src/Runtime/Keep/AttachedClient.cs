using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Runtime.Keep;

/// <summary>
/// One client of a process's streams: the other end of its socket is the daemon's, which carries it on. It may be attached before the process is
/// started; whatever becomes of it, the process is not harmed.
/// </summary>
internal sealed class AttachedClient : IDisposable
{
    // Docker's bound on what waits for one client before the container is held up.
    private const int WaitingBytesMax = 1 << 20;

    private readonly UnixSocket _socket;
    private readonly KeeperAttach _wanted;
    private readonly KeepContext _context;
    private readonly Watch _watch;
    private readonly SendQueue _waiting = new();
    private readonly Action<AttachedClient> _closed;
    private KeptProcess? _process;
    private bool _inputEnded, _outputLost, _finishing, _hungUp, _isClosed;

    /// <param name="closed">Called once, when nothing more is to be done for it.</param>
    public AttachedClient(ClientState state, KeepContext context, Action<AttachedClient> closed)
    {
        (_socket, _wanted, _context, _closed) = (new UnixSocket(state.Socket!), state.Wanted, context, closed);
        (_inputEnded, _outputLost, _finishing, _hungUp) = (state.InputEnded, state.OutputLost, state.Finishing, state.HungUp);
        if (state.Waiting.Length > 0) _waiting.Add(state.Waiting);
        Descriptors.SetNonBlocking(_socket.Handle);
        _watch = new Watch(context.Loop, _socket.Handle, Ready);
        _watch.For(EpollEvents.None);
    }

    /// <summary>What the constructor goes on from.</summary>
    public ClientState State => new()
    {
        Wanted = _wanted, Socket = _socket.Handle, Waiting = _waiting.Waiting.ToArray(), InputEnded = _inputEnded, OutputLost = _outputLost, Finishing = _finishing, HungUp = _hungUp,
    };

    public string ProcessId => _wanted.ProcessId;

    /// <summary>It reads too slowly, and the process must wait for it.</summary>
    public bool IsBehind => _waiting.Count > WaitingBytesMax;

    public void Attach(KeptProcess process)
    {
        _process = process;
        UpdateInterest();
    }

    public void Deliver(OutputKind kind, OutputBuffer output, int count)
    {
        if (_outputLost || _finishing || !(kind == OutputKind.Stderr ? _wanted.Stderr : _wanted.Stdout)) return;
        Send(output.Frame(kind, count));
    }

    /// <summary>The process takes input again.</summary>
    public void InputHasRoom() => UpdateInterest();

    /// <summary>There is nothing more to come; what is waiting is still sent.</summary>
    public void Finish()
    {
        _finishing = true;
        if (_waiting.Count == 0) Dispose();
        else UpdateInterest();
    }

    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        _watch.Dispose();
        // Input left unread would turn the other end's last reads into "connection reset".
        while (_context.ReceiveInput(_socket) > 0) { }
        _socket.Dispose();
        _waiting.Clear();
        _closed(this);
    }

    private void Ready(EpollEvents events)
    {
        if ((events & EpollEvents.Writable) != 0) SendWaiting();
        if ((events & (EpollEvents.HangUp | EpollEvents.Error)) != 0) HungUp();
        if (!_isClosed && !_inputEnded && (events & (EpollEvents.Readable | EpollEvents.HangUp)) != 0) TakeInput();
        if (_isClosed) return;
        if (_hungUp && (_inputEnded || _process is null)) Dispose();
        else UpdateInterest();
    }

    private void HungUp()
    {
        _hungUp = true;
        _outputLost = true;
        _waiting.Clear();
        _process?.ClientCaughtUp();
        if (_finishing) Dispose();
    }

    private void TakeInput()
    {
        if (_process is null || _finishing) return;
        if (_wanted.Stdin && !_process.InputHasRoom) return;
        var count = _context.ReceiveInput(_socket);
        if (count > 0)
        {
            if (_wanted.Stdin) _process.Input(_context.Input[..count]);
        }
        else if (count == 0)
        {
            _inputEnded = true;
            if (_wanted.Stdin && (!_process.ClientInputEnded() || !(_wanted.Stdout || _wanted.Stderr))) Finish();
        }
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        if (_waiting.Count == 0)
        {
            var sent = TrySend(bytes);
            bytes = bytes[sent..];
        }
        if (bytes.IsEmpty || _outputLost) return;
        _waiting.Add(bytes);
        UpdateInterest();
    }

    private void SendWaiting()
    {
        var wasBehind = IsBehind;
        while (_waiting.Count > 0)
        {
            var sent = TrySend(_waiting.Waiting);
            if (sent == 0) break;
            _waiting.Taken(sent);
        }
        if (wasBehind && !IsBehind) _process?.ClientCaughtUp();
        if (_finishing && _waiting.Count == 0) Dispose();
    }

    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Math.Max(0, _socket.Send(bytes));
        }
        catch (SyscallException)
        {
            _outputLost = true;
            _waiting.Clear();
            return 0;
        }
    }

    private void UpdateInterest()
    {
        if (_isClosed) return;
        var interest = _waiting.Count > 0 ? EpollEvents.Writable : EpollEvents.None;
        var takesInput = _process is not null && !_inputEnded && !_finishing && (!_wanted.Stdin || _process.InputHasRoom);
        if (takesInput) interest |= EpollEvents.Readable;
        // A gone client whose last input does not fit yet would be told of again and again.
        if (_hungUp && !takesInput) _watch.Pause();
        else _watch.For(interest);
    }
}
