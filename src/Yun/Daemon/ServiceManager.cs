using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Yun.Daemon;

/// <summary>Tells the service manager that started this daemon what it does (sd_notify(3)); where none did, nobody is told.</summary>
internal static class ServiceManager
{
    internal static void Ready() => Tell("READY=1");

    internal static void Reloading() => Tell(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Environment.TickCount64 * 1000}"));

    internal static void Stopping() => Tell("STOPPING=1");

    private static void Tell(string state)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path) return;
        // An @ in front is a name of the kernel's and no file.
        if (path[0] == '@') path = '\0' + path[1..];
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException) { }
    }
}
