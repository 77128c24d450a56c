namespace Yun.Tests.EndToEnd;

/// <summary>Several daemons on one machine do not touch each other's things.</summary>
public sealed class NeighbourTests
{
    [Fact]
    public async Task Two_daemons_side_by_side_have_their_own_containers_addresses_and_ports()
    {
        await using var one = await Daemon.StartWithBusyboxAsync();
        var port = LoopbackPort.Free();
        await one.Docker.TextAsync("run", "-d", "--name", "web", "-p", $"{port}:80", "busybox", "sh", "-c", "echo one > /index.html; exec httpd -f -p 80 -h /");
        using var http = new HttpClient();
        await using (var two = await Daemon.StartWithBusyboxAsync())
        {
            var other = LoopbackPort.Free();
            await two.Docker.TextAsync("run", "-d", "--name", "web", "-p", $"{other}:80", "busybox", "sh", "-c", "echo two > /index.html; exec httpd -f -p 80 -h /");
            await Eventually.HoldsAsync(async () => await PageAsync(port) == "one\n" && await PageAsync(other) == "two\n");
            Assert.NotEqual(await SubnetAsync(one), await SubnetAsync(two));
            Assert.Single((await one.Docker.RunAsync("ps", "-q")).Lines);
            (await two.Docker.RunAsync("run", "-d", "-p", $"{port}:80", "busybox", "true")).EndedWith(125);
        }
        Assert.Equal("one\n", await PageAsync(port));

        async Task<string> PageAsync(int at)
        {
            try
            {
                return await http.GetStringAsync($"http://127.0.0.1:{at}/index.html");
            }
            catch (HttpRequestException)
            {
                return "";
            }
        }
    }

    private static Task<string> SubnetAsync(Daemon daemon) => daemon.Docker.TextAsync("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", "bridge");

    [Fact]
    public async Task A_second_daemon_on_the_same_data_root_is_refused()
    {
        await using var daemon = await Daemon.StartAsync();
        var second = new Command(TestTools.Yun, "daemon", "--data-root", daemon.DataRoot, "--exec-root", daemon.ExecRoot, "--host", $"unix://{daemon.Folder}/second.sock", "--pidfile", $"{daemon.Folder}/second.pid");
        Assert.NotEqual(0, (await second.RunAsync()).ExitCode);
        (await daemon.Docker.RunAsync("version")).Succeeded();
    }

    [Fact]
    public async Task Bridge_and_address_are_as_the_flags_say()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync("--bip", "10.213.7.1/24");
        Assert.Equal("10.213.7.0/24", await SubnetAsync(daemon));
        Assert.Equal("10.213.7.1", await daemon.Docker.TextAsync("run", "--rm", "busybox", "sh", "-c", "ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p'"));
    }
}
