using System.Net.Sockets;
using System.Text;

namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>Machines with a screen, seen by viewers of VNC one after the other.</summary>
public sealed class ScreenTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Fact]
    public async Task A_viewer_sees_the_screen_of_a_machine_that_has_one()
    {
        var (daemon, system) = await machines.StartedAsync();
        var yun = daemon.Yun;
        try
        {
            await yun.TextAsync(["machine", "create", "--name", "blind", .. system.Options, "-m", "64m", "--network", "none"]);
            await yun.TextAsync(["machine", "create", "--name", "seen", .. system.Options, "-m", "96m", "--network", "none", "--screen"]);
            await yun.TextAsync("machine", "start", "blind", "seen");
            Assert.Contains("has no screen: make it with --screen", (await yun.RunAsync("machine", "screen", "blind")).Error, StringComparison.Ordinal);
            await yun.TextAsync("machine", "kill", "blind");

            await using var screen = yun.OnTerminal("machine screen seen");
            await screen.SeeAsync("vnc://127.0.0.1:");
            await screen.SeeAsync("\n");
            var port = int.Parse(screen.Seen.Split("vnc://127.0.0.1:")[1].Split('\r', '\n')[0], System.Globalization.CultureInfo.InvariantCulture);
            for (var viewer = 0; viewer < 2; viewer++)
            {
                var (width, height) = await SizeAsync(port);
                Assert.InRange(width, 320, 4096);
                Assert.InRange(height, 200, 4096);
            }
        }
        finally { await yun.RunAsync("machine", "rm", "-f", "blind", "seen"); }
    }

    /// <summary>As a viewer begins (RFC 6143): both say their version, no password is asked for, and the size comes.</summary>
    private static async Task<(int Width, int Height)> SizeAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        var stream = client.GetStream();
        var version = new byte[12];
        await stream.ReadExactlyAsync(version);
        Assert.Equal("RFB 003.008\n", Encoding.ASCII.GetString(version));
        await stream.WriteAsync(version);
        var kinds = new byte[2];
        await stream.ReadExactlyAsync(kinds);
        Assert.Equal([1, 1], kinds);
        await stream.WriteAsync(new byte[] { 1 });
        await stream.ReadExactlyAsync(new byte[4]);
        await stream.WriteAsync(new byte[] { 1 });
        var size = new byte[4];
        await stream.ReadExactlyAsync(size);
        return (size[0] << 8 | size[1], size[2] << 8 | size[3]);
    }
}
