namespace Yun.Tests.EndToEnd;

/// <summary><c>yun top</c> on a terminal.</summary>
public sealed class LiveViewTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private const string OtherScreen = "\e[?1049h\e[?25l", OwnScreen = "\e[?25h\e[?1049l";

    [Fact]
    public async Task It_shows_what_runs_and_sorts_it_as_asked_and_leaves_the_terminal_as_it_was()
    {
        var (first, second) = (Name("first"), Name("second"));
        await Docker.TextAsync("run", "-d", "--name", first, "busybox", "sleep", "1000");
        await using var terminal = Daemon.Yun.OnTerminal("top");
        await terminal.SeeAsync("sorted by CPU");
        await terminal.SeeAsync(first);
        await Docker.TextAsync("run", "-d", "--name", second, "busybox", "sleep", "1000");
        await terminal.SeeAsync(second);
        await terminal.TypeAsync("m");
        await terminal.SeeAsync("sorted by memory");
        await terminal.TypeAsync("\e[C");
        await terminal.SeeAsync("sorted by network");
        await terminal.TypeAsync("q");
        Assert.Equal(0, await terminal.ExitCodeAsync());
        Assert.StartsWith(OtherScreen, terminal.Seen, StringComparison.Ordinal);
        Assert.EndsWith(OwnScreen, terminal.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_daemon_the_terminal_is_as_it_was_and_the_reason_is_told()
    {
        await using var terminal = new Client(TestTools.Yun, "/run/nosuchfolder/yun.sock", Daemon.Folder).OnTerminal("top");
        await terminal.SeeAsync(OwnScreen);
        await terminal.SeeAsync("/run/nosuchfolder/yun.sock");
        await terminal.ExitCodeAsync();
    }

    [Fact]
    public async Task Without_a_terminal_it_points_to_what_needs_none() =>
        (await Daemon.Yun.RunAsync("top")).EndedWith(1).FailedSaying("yun stats --no-stream");
}
