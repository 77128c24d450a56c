using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

/// <summary>Builds, again and again, while everything that nobody uses is removed, again and again.</summary>
public sealed class BuildsBesidePrunesTests
{
    private const int Builds = 6;

    [Theory, InlineData("0"), InlineData("1")]
    public async Task What_a_build_has_made_or_found_is_not_taken_from_it(string buildKit)
    {
        await using var daemon = await EndToEnd.Daemon.StartWithBusyboxAsync();
        BuildxPlugin.PutInto(daemon);
        using var stop = new CancellationTokenSource();
        var prunes = Enumerable.Range(0, 2).Select(_ => PruneAsync(daemon, stop.Token)).ToList();
        try
        {
            // Two builders, one of them with steps that the other has cached and with layers whose content was there before, which are old.
            await Task.WhenAll(BuildAsync(daemon, buildKit, "one"), BuildAsync(daemon, buildKit, "other"));
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(prunes);
        }
        // And all of it goes when nobody holds it any more.
        (await daemon.Docker.RunAsync("builder", "prune", "-af")).Succeeded();
        (await daemon.Docker.RunAsync("image", "prune", "-f")).Succeeded();
        Assert.Equal("", await daemon.Docker.TextAsync("images", "-q", "--filter", "dangling=true"));
    }

    private static async Task BuildAsync(EndToEnd.Daemon daemon, string buildKit, string name)
    {
        using var files = new ScratchFolder();
        files.Write("Dockerfile", "FROM busybox AS first\nCOPY same /same/\nRUN date > /date\nFROM busybox\nWORKDIR /made\nCOPY --from=first /same /same\nCOPY own /own\nLABEL a=b\nENV c=d\n");
        files.Write("same", "always the same");
        for (var i = 0; i < Builds; i++)
        {
            files.Write("own", i % 3 == 0 ? $"{name} {i}" : "both");
            var build = daemon.Docker.CommandOf(daemon.Docker.Program, ["build", "-q", "-t", name, files.Path]);
            build.Environment["DOCKER_BUILDKIT"] = buildKit;
            var id = (await build.RunAsync()).Succeeded().Text;
            Assert.Equal(id, await daemon.Docker.TextAsync("inspect", "-f", "{{.Id}}", name));
            Assert.Equal("always the same", await daemon.Docker.TextAsync("run", "--rm", name, "cat", "/same/same"));
        }
    }

    private static async Task PruneAsync(EndToEnd.Daemon daemon, CancellationToken stop)
    {
        using var api = new PlainApi(daemon);
        while (!stop.IsCancellationRequested)
        {
            await api.SendAsync("POST", "/build/prune?all=1");
            await api.SendAsync("POST", "/images/prune");
            await api.SendAsync("POST", "/yun/v1/system/repair");
        }
    }
}
