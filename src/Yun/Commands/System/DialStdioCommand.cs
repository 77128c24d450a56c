using System.Net.Sockets;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands;

/// <summary><c>system dial-stdio</c>: one connection to the daemon on the standard streams. It is what a client with <c>-H ssh://…</c> starts at the other end.</summary>
public sealed class DialStdioCommand() : Command("")
{
    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        using var socket = session.Api.Address.Connect();
        using var stream = new NetworkStream(socket);
        var input = new Thread(() =>
        {
            try
            {
                session.Input.CopyTo(stream);
                socket.Shutdown(SocketShutdown.Send);
            }
            // The daemon's end of the connection is seen on the other side.
            catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException) { }
        }) { IsBackground = true, Name = "stdin" };
        input.Start();
        try { stream.CopyTo(session.Output); }
        catch (IOException error) when (error.InnerException is SocketException) { throw new ConnectException($"The daemon at {session.Api.Address.Text} ended the connection.", error); }
        return 0;
    }
}
