using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary>Hands a terminal's master to whoever listens on a unix socket, as runc does (its docs/terminals.md).</summary>
internal static class ConsoleSocket
{
    public static void Send(string path, SafeFileHandle terminal)
    {
        using var socket = UnixSocket.Connect(path);
        socket.Send("/dev/ptmx"u8, [(int)terminal.DangerousGetHandle()]);
    }
}
