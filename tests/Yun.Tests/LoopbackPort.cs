using System.Net;
using System.Net.Sockets;

namespace Yun.Tests;

/// <summary>A port of loopback for what a test starts.</summary>
internal static class LoopbackPort
{
    /// <summary>One that nobody has at this moment.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
