using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>Those who want one more process in the machine: each a <c>yun-guest exec</c> with a connection of its own, whose frames are passed on under another number.</summary>
internal sealed class ExecClients
{
    /// <summary>In a directory of the sandbox that only we and such processes see.</summary>
    public const string SocketPath = "/run/monitor.sock";

    private const int Kill = 9;

    private readonly FrameStream _machine;
    private readonly Dictionary<uint, FrameStream> _clients = new();
    private uint _last;

    public ExecClients(FrameStream machine)
    {
        _machine = machine;
        var listener = UnixSocket.Listen(SocketPath);
        Threads.Start(() => Accept(listener));
    }

    /// <summary>What the machine says of a process.</summary>
    public void Handle(Frame frame)
    {
        FrameStream? client;
        lock (_clients) _clients.TryGetValue(frame.Session, out client);
        client?.Send(frame.Kind, 0, frame.Content);
    }

    private void Accept(UnixSocket listener)
    {
        while (true)
        {
            Span<PollEntry> entries = [new((int)listener.Handle.DangerousGetHandle(), PollEvents.Readable)];
            Poll.Wait(entries, -1);
            if (listener.Accept() is not { } accepted) continue;
            Descriptors.SetBlocking(accepted.Handle);
            Threads.Start(() => Serve(new FrameStream(accepted.Handle)));
        }
    }

    private void Serve(FrameStream client)
    {
        uint session;
        lock (_clients)
        {
            session = ++_last;
            _clients[session] = client;
        }
        while (client.Receive() is { } frame) _machine.Send(frame.Kind, session, frame.Content);
        // Who asked for the process is gone, and with it all who could use it.
        _machine.Send(FrameKind.Signal, session, Kill);
        lock (_clients) _clients.Remove(session);
        client.Dispose();
    }
}
