using System.Net;
using System.Net.Sockets;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine screen</c>: stands for the machine's screen to one viewer of VNC after the other, until it is interrupted.</summary>
public sealed class MachineScreenCommand : Command
{
    private const int BufferBytes = 64 << 10;

    private readonly Setting<long?> _port;
    private readonly Setting<string?> _socket;

    public MachineScreenCommand() : base("[OPTIONS] MACHINE")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _port = AddNumber("port", 'p', "Port on 127.0.0.1 where a viewer connects; every user of this computer can", "one that is free");
        _socket = AddText("socket", null, "Unix socket where a viewer connects, for the same user alone");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_socket.Value is not null && _port.Value is not null) throw new FailureException("conflicting options: --port and --socket");
        var route = $"/yun/v1/machines/{Uri.EscapeDataString(arguments[0])}/screen";
        // Whether there is one is told before somebody starts a viewer.
        session.Api.Hijack(route).Dispose();
        using var listener = Listen();
        session.Out.WriteLine(listener.LocalEndPoint is IPEndPoint at ? $"vnc://{at}" : _socket.Value);
        session.Out.Flush();
        while (true)
        {
            using var viewer = listener.Accept();
            using var screen = session.Api.Hijack(route);
            var sending = new Thread(() => Copy(buffer => viewer.Receive(buffer), bytes => screen.Write(bytes), screen.CloseWrite)) { IsBackground = true };
            sending.Start();
            Copy(screen.Read, bytes => viewer.Send(bytes), () => viewer.Shutdown(SocketShutdown.Both));
            sending.Join();
        }
    }

    private Socket Listen()
    {
        try
        {
            if (_socket.Value is { } path)
            {
                var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                local.Bind(new UnixDomainSocketEndPoint(path));
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                local.Listen(1);
                return local;
            }
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            listener.Bind(new IPEndPoint(IPAddress.Loopback, (int)(_port.Value ?? 0)));
            listener.Listen(1);
            return listener;
        }
        catch (Exception error) when (error is SocketException or ArgumentException) { throw new FailureException($"cannot listen for a viewer: {error.Message}"); }
    }

    private delegate int Reader(Span<byte> buffer);

    private delegate void Writer(ReadOnlySpan<byte> bytes);

    private static void Copy(Reader read, Writer write, Action end)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            for (int count; (count = read(buffer)) > 0;) write(buffer.AsSpan(0, count));
            end();
        }
        catch (Exception gone) when (gone is SocketException or ConnectException or ObjectDisposedException) { /* One of the two is gone; the other is told by the end of what it reads. */ }
    }
}
