namespace Yun.Tests.EndToEnd;

/// <summary>Containers outlive the daemon, however it ends. Each test has a daemon of its own.</summary>
public sealed class SurvivalTests
{
    private const int Containers = 50;

    [Fact]
    public async Task Killing_the_daemon_loses_no_container_no_log_line_and_no_exit_code()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        // The odd ones end while the daemon is dead, each with its own exit code; the even ones run on.
        for (var number = 0; number < Containers; number++)
            await daemon.Docker.TextAsync("run", "-d", "--name", $"c{number}", "-v", $"{daemon.Folder}:/signal:ro", "--network", number % 10 == 0 ? "bridge" : "none", "busybox", "sh", "-c",
                $"i=0; while true; do i=$((i+1)); echo $i; sleep 0.05; if [ $(({number} % 2)) = 1 ] && [ -e /signal/end ]; then echo last $i; exit $((10 + {number})); fi; done");
        await daemon.KillAsync();
        File.WriteAllText(Path.Combine(daemon.Folder, "end"), "");
        await Task.Delay(3000, TestContext.Current.CancellationToken);
        await daemon.StartAgainAsync();

        var states = (await daemon.Docker.RunAsync("ps", "-a", "--format", "{{.Names}} {{.State}}")).Succeeded().Lines;
        Assert.Equal(Containers, states.Length);
        for (var number = 0; number < Containers; number++)
        {
            var name = $"c{number}";
            Assert.Contains($"{name} {(number % 2 == 1 ? "exited" : "running")}", states);
            if (number % 2 == 1)
                Assert.Equal($"{10 + number}", await daemon.Docker.TextAsync("inspect", "-f", "{{.State.ExitCode}}", name));
            else
                await daemon.Docker.TextAsync("stop", "-t", "0", name);
            var lines = (await daemon.Docker.RunAsync("logs", name)).Succeeded().Lines;
            var counted = number % 2 == 1 ? lines[..^1] : lines;
            Assert.Equal(Enumerable.Range(1, counted.Length).Select(line => $"{line}"), counted);
            if (number % 2 == 1)
                Assert.Equal($"last {counted.Length}", lines[^1]);
        }
    }

    [Fact]
    public async Task After_the_daemon_s_return_a_container_is_attached_stopped_and_its_port_answers()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        var port = LoopbackPort.Free();
        // Created to be attached to, so that its input ends with the first client's.
        await daemon.Docker.TextAsync("create", "-i", "--name", "talks", "busybox", "sh", "-c", "while read line; do echo heard $line; done; exit 9");
        await daemon.Docker.TextAsync("start", "talks");
        await daemon.Docker.TextAsync("run", "-d", "--name", "serves", "-p", $"{port}:80", "busybox", "sh", "-c", "echo page > /index.html; exec httpd -f -p 80 -h /");
        await daemon.KillAsync();
        using var http = new HttpClient();
        Assert.Equal("page\n", await http.GetStringAsync($"http://127.0.0.1:{port}/index.html", TestContext.Current.CancellationToken));
        await daemon.StartAgainAsync();
        Assert.Equal("page\n", await http.GetStringAsync($"http://127.0.0.1:{port}/index.html", TestContext.Current.CancellationToken));
        var attached = await daemon.Docker.RunWithInputAsync("one\ntwo\n", "attach", "talks");
        Assert.Equal(["heard one", "heard two"], attached.EndedWith(9).Lines);
        Assert.Equal("page", await daemon.Docker.TextAsync("exec", "serves", "cat", "/index.html"));
        await daemon.Docker.TextAsync("rm", "-f", "serves");
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync($"http://127.0.0.1:{port}/index.html"));
    }

    [Fact]
    public async Task A_daemon_that_is_stopped_leaves_containers_running_and_takes_them_up_again()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        await daemon.Docker.TextAsync("run", "-d", "--name", "stays", "busybox", "sleep", "1000");
        var pid = await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Pid}}", "stays");
        Assert.Equal(0, await daemon.StopAsync());
        Assert.True(Directory.Exists($"/proc/{pid}"));
        await daemon.StartAgainAsync();
        Assert.Equal($"running {pid}", await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "stays"));
    }

    [Fact]
    public async Task A_container_with_a_restart_policy_is_started_again_by_the_daemon_that_comes_back()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        await daemon.Docker.TextAsync("run", "-d", "--restart", "always", "--name", "again", "busybox", "sleep", "1000");
        var pid = await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Pid}}", "again");
        await daemon.KillAsync();
        (await new Command("kill", "-9", pid).RunAsync()).Succeeded();
        await daemon.StartAgainAsync();
        await Eventually.HoldsAsync(async () => await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Status}}", "again") == "running");
        Assert.NotEqual(pid, await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Pid}}", "again"));
    }

    [Fact]
    public async Task A_build_that_dies_with_the_daemon_leaves_no_container_and_goes_on_from_its_cache()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        // A step is on the disk a second after it was done (docs/decisions/0018-steps-settle-later.md).
        using var files = new ScratchFolder(("Dockerfile", "FROM busybox\nRUN echo first > /a\nRUN sleep 3\nRUN sleep 4\n"));
        var build = daemon.Docker.RunAsync("build", "-t", "built", files.Path);
        await Eventually.HoldsAsync(async () => (await daemon.Docker.RunAsync("ps", "--no-trunc", "--format", "{{.Command}}")).Output.Contains("sleep 4", StringComparison.Ordinal));
        await daemon.KillAsync();
        Assert.NotEqual(0, (await build).ExitCode);
        await daemon.StartAgainAsync();
        await Eventually.HoldsAsync(async () => (await daemon.Docker.RunAsync("ps", "-aq")).Succeeded().Lines.Length == 0);
        Assert.Contains("Using cache", (await daemon.Docker.RunAsync("build", "-t", "built", files.Path)).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_keeper_s_death_is_noticed_and_reported_and_nothing_hangs()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        await daemon.Docker.TextAsync("run", "-d", "--name", "orphan", "busybox", "sleep", "1000");
        var keeper = Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)).Single(path =>
            CommandLineOf(path) is var words && words.Contains("keep", StringComparison.Ordinal) && words.Contains(daemon.Folder, StringComparison.Ordinal) && !words.Contains("daemon", StringComparison.Ordinal));
        (await new Command("kill", "-9", Path.GetFileName(keeper)).RunAsync()).Succeeded();
        await Eventually.HoldsAsync(() => Task.FromResult(daemon.Log.Contains("keeper", StringComparison.OrdinalIgnoreCase)));
        await Eventually.HoldsAsync(async () => (await daemon.Docker.RunAsync("ps", "-a")).ExitCode == 0);
        (await daemon.Docker.RunAsync("rm", "-f", "orphan")).Succeeded();
        // A new keeper takes over for what is started from here on.
        Assert.Equal("hello", await daemon.Docker.TextAsync("run", "--rm", "busybox", "echo", "hello"));
    }

    private static string CommandLineOf(string path)
    {
        try
        {
            return File.ReadAllText($"{path}/cmdline").Replace('\0', ' ');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
