using System.Net.Sockets;
using System.Text;

namespace Yun.Tests.EndToEnd;

/// <summary>The daemon under a service manager: sockets that are passed to it, and what it tells.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task On_a_passed_socket_it_serves_whoever_connected_before_it_ran_and_tells_when_it_is_ready()
    {
        const string activate = "/usr/bin/systemd-socket-activate";
        if (!File.Exists(activate)) Assert.Skip("this machine has no systemd-socket-activate");
        await using var daemon = await Daemon.StartAsync();
        Assert.Equal(0, await daemon.StopAsync());
        using var folder = new ScratchFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        var command = new Command(activate, "-l", folder["api.sock"], "-E", $"NOTIFY_SOCKET={folder["notify"]}", TestTools.Yun, "daemon", "--host", "fd://",
            "--data-root", daemon.DataRoot, "--exec-root", daemon.ExecRoot, "--pidfile", folder["pid"]);
        using var activated = command.Start();
        try
        {
            await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(folder["api.sock"])));
            Assert.False(File.Exists(folder["pid"]));
            (await new Command(TestTools.Docker, "-H", $"unix://{folder["api.sock"]}", "version").RunAsync()).Succeeded();
            Assert.Equal("READY=1", await ToldAsync());
            (await new Command("kill", "-HUP", $"{activated.Id}").RunAsync()).Succeeded();
            Assert.StartsWith("RELOADING=1\nMONOTONIC_USEC=", await ToldAsync(), StringComparison.Ordinal);
            Assert.Equal("READY=1", await ToldAsync());
        }
        finally
        {
            await new Command("kill", "-TERM", $"{activated.Id}").RunAsync();
            await activated.WaitForExitAsync(CancellationToken.None);
        }
        Assert.Equal("STOPPING=1", await ToldAsync());
        Assert.Equal(0, activated.ExitCode);

        async Task<string> ToldAsync()
        {
            var buffer = new byte[200];
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            return Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, SocketFlags.None, deadline.Token));
        }
    }

    [Fact]
    public async Task What_is_installed_has_its_places_filled_in_and_links_for_Docker_s_names()
    {
        if (!File.Exists(Path.Combine(Repository.Root, "artifacts/bin/yun"))) Assert.Skip("The native programs are not built; run make.");
        using var folder = new ScratchFolder();
        (await new Command(Path.Combine(Repository.Root, "scripts/install"), folder.Path, "/opt/yun", "/etc/systemd/system").RunAsync()).Succeeded();
        (await new Command(Path.Combine(Repository.Root, "scripts/install-docker"), folder.Path, "/opt/yun").RunAsync()).Succeeded();
        Assert.All(Directory.GetFiles(folder["etc/systemd/system"]), unit => Assert.DoesNotContain("@", File.ReadAllText(unit)));
        Assert.Contains("ExecStart=/opt/yun/bin/yun daemon --host fd://", folder.Read("etc/systemd/system/yun.service"));
        Assert.StartsWith(".TH YUN 1 ", folder.Read("opt/yun/share/man/man1/yun.1"), StringComparison.Ordinal);
        Assert.Equal("yun", new FileInfo(folder["opt/yun/bin/docker"]).LinkTarget);
        Assert.Contains("Usage", (await new Command(folder["opt/yun/bin/docker"], "--help").RunAsync()).Succeeded().Text);
        folder.Write("usr/bin/docker", "another's");
        (await new Command(Path.Combine(Repository.Root, "scripts/install-docker"), folder.Path, "/usr").RunAsync()).EndedWith(1).FailedSaying("another Docker is installed");
    }
}
