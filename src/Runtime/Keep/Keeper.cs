using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Runtime.Keep;

/// <summary>All that is kept, and the connections that ask for it. Lives on the loop's thread.</summary>
internal sealed partial class Keeper : IDisposable
{
    private readonly EventLoop _loop;
    private readonly KeepContext _context;
    private readonly Action<KeepState, SafeFileHandle> _become;
    private readonly UnixSocket _listener;
    private readonly Watch _accepting;
    private readonly Reaper _reaper;
    private readonly HashSet<ControlConnection> _connections = [];
    private readonly Dictionary<string, KeptProcess> _processes = [];
    private readonly HashSet<int> _pids = [];
    private readonly HashSet<string> _starting = [];
    private readonly Dictionary<string, List<AttachedClient>> _early = [];
    private readonly Dictionary<string, List<SafeFileHandle>> _held = [];

    /// <param name="become">Makes the process this program, which goes on from the state; returns by throwing only.</param>
    public Keeper(EventLoop loop, UnixSocket listener, Action<KeepState, SafeFileHandle> become)
    {
        (_loop, _listener, _become, _context) = (loop, listener, become, new KeepContext(loop));
        _reaper = new Reaper(_pids.Contains);
        _accepting = new Watch(loop, listener.Handle, _ => Accept());
        _accepting.For(EpollEvents.Readable);
    }

    public bool IsIdle
    {
        get
        {
            if (_starting.Count > 0) return false;
            foreach (var process in _processes.Values)
                if (process.Exit is null) return false;
            return true;
        }
    }

    public void ChildEnded() => _reaper.Reap();

    public void Dispose()
    {
        foreach (var connection in (ControlConnection[])[.. _connections]) connection.Dispose();
        foreach (var process in _processes.Values) process.Dispose();
        foreach (var name in (string[])[.. _held.Keys]) Hold(name, []);
        _accepting.Dispose();
    }

    private void Accept()
    {
        UnixSocket? socket;
        try { socket = _listener.Accept(); }
        catch (SyscallException error)
        {
            // Out of descriptors: the connection waits, and asking again at once would spin.
            Journal.Write($"connection not accepted: {error.Message}");
            _accepting.Pause();
            _loop.After(TimeSpan.FromSeconds(1), () => _accepting.For(EpollEvents.Readable));
            return;
        }
        if (socket is null) return;
        if (socket.Peer.Uid != 0)
        {
            socket.Dispose();
            return;
        }
        _connections.Add(new ControlConnection(socket, _loop, Handle, connection => _connections.Remove(connection)));
    }

    private void Handle(ControlConnection connection, KeeperRequest request, ReadOnlyMemory<byte> payload, List<SafeFileHandle> descriptors)
    {
        var reply = new KeeperReply { Id = request.Id };
        try
        {
            if (AnswersItself(connection, request, payload, descriptors)) return;
            Answer(request, reply, descriptors);
        }
        catch (EngineException error)
        {
            reply.Error = new KeeperError { Kind = error.Kind, Message = error.Message };
        }
        catch (SyscallException error)
        {
            reply.Error = new KeeperError { Kind = ErrorKind.Internal, Message = error.Message, Step = error.Call, Errno = (int)error.Errno };
        }
        connection.Send(reply);
        if (request.Hello is not null && reply.Error is null) TellAll(connection);
    }

    /// <summary>Requests whose answer comes later, in several messages, or with descriptors.</summary>
    private bool AnswersItself(ControlConnection connection, KeeperRequest request, ReadOnlyMemory<byte> payload, List<SafeFileHandle> descriptors)
    {
        switch (request)
        {
            case { Start: { } start }: Start(connection, request.Id, start, payload, descriptors); return true;
            case { List: not null }: List(connection, request.Id); return true;
            case { Upgrade: { } upgrade }: Upgrade(connection, request.Id, upgrade, descriptors[0]); return true;
            case { Namespaces: { } namespaces }: MakeNamespaces(connection, request.Id, namespaces, descriptors); return true;
            case { Held: { } held }: TellHeld(connection, request.Id, held.Name); return true;
            default: return false;
        }
    }

    private void Answer(KeeperRequest request, KeeperReply reply, List<SafeFileHandle> descriptors)
    {
        switch (request)
        {
            case { Hello: { } hello }: Greet(hello, reply); break;
            case { Attach: { } attach }: Attach(attach, descriptors[0]); break;
            case { Resize: { } resize }: Resize(resize); break;
            case { Signal: { } signal }: Signal(signal); break;
            case { ClearLog: { } clear }: ClearLog(clear); break;
            case { Forget: { } forget }: Forget(forget.ProcessId); break;
            case { Hold: { } hold }: Hold(hold.Name, descriptors); break;
            case { Release: { } release }: Hold(release.Name, []); break;
            case { Stop: not null }: Stop(); break;
            default: throw new EngineException(ErrorKind.NotImplemented, "The keeper is older than this request.");
        }
    }

    private static void Greet(KeeperHello hello, KeeperReply reply)
    {
        if (hello.Version != KeeperProtocol.Version)
            throw new EngineException(ErrorKind.Unavailable, $"The keeper speaks version {KeeperProtocol.Version} of its protocol, the daemon {hello.Version}; stop the containers and the keeper to change it.");
        reply.Hello = new KeeperHello { Version = KeeperProtocol.Version, Pid = Environment.ProcessId, Program = typeof(Keeper).Assembly.GetName().Version?.ToString(3) ?? "" };
    }

    // A daemon that was away learns of the ends it missed.
    private void TellAll(ControlConnection connection)
    {
        connection.IsGreeted = true;
        foreach (var process in _processes.Values)
            if (process.Exit is { } exit) connection.Send(new KeeperReply { Exited = exit });
    }

    private void Hold(string name, List<SafeFileHandle> descriptors)
    {
        if (_held.Remove(name, out var before))
            foreach (var descriptor in before) descriptor.Dispose();
        if (descriptors.Count > 0) _held.Add(name, descriptors);
    }

    private void TellHeld(ControlConnection connection, long requestId, string name)
    {
        var held = _held.GetValueOrDefault(name) ?? [];
        connection.Send(new KeeperReply { Id = requestId, HeldCount = held.Count }, held);
    }

    private void Stop()
    {
        if (!IsIdle) throw new EngineException(ErrorKind.Conflict, "The keeper does not stop while containers run.");
        // Nobody connects to one that is about to end; the answer goes out before the loop does.
        _accepting.Dispose();
        _listener.Dispose();
        _loop.After(TimeSpan.Zero, _loop.Stop);
    }
}
