using System.Text.Json;

namespace Yun.Tests.EndToEnd;

/// <summary>What goes when the cache of builds is emptied, and what is told of it.</summary>
public sealed class BuildPruneTests
{
    [Theory, InlineData("docker"), InlineData("yun")]
    public async Task Only_steps_that_no_image_stands_on_go_and_are_told(string client)
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        using var files = new ScratchFolder();
        using var api = new PlainApi(daemon);
        files.Write("named", "FROM busybox\nRUN echo named > /a\nLABEL a=b\n");
        files.Write("unnamed", "FROM busybox\nRUN echo unnamed > /b\n");
        files.Write("replaced", "FROM busybox\nRUN echo replaced > /c\n");
        files.Write("broken", "FROM busybox\nRUN head -c 5000 /dev/zero > /d\nRUN exit 3\n");
        Task<CommandResult> BuildAsync(string file, params string[] flags) => daemon[client].RunAsync(["build", "-f", files[file], .. flags, files.Path]);

        (await BuildAsync("named", "-t", "named")).Succeeded();
        var unnamed = (await BuildAsync("unnamed", "-q")).Succeeded().Text;
        var replaced = (await BuildAsync("replaced", "-q", "-t", "name")).Succeeded().Text;
        (await BuildAsync("unnamed", "-q", "-t", "name")).Succeeded();
        Assert.NotEqual(0, (await BuildAsync("broken")).ExitCode);
        var steps = await StepsAsync(api);

        var told = (await daemon[client].RunAsync("builder", "prune", "-f")).Succeeded().Saying("Deleted build cache objects:").Saying("5kB").Output;
        foreach (var id in new[] { unnamed, replaced }) (await daemon.Docker.RunAsync("image", "inspect", id)).Succeeded();
        Assert.Contains(Assert.Single(steps.Except(await StepsAsync(api))), told);
        Assert.DoesNotContain("sha256", told);
        Assert.Equal(2, (await BuildAsync("named", "-t", "named")).Succeeded().Output.Split("Using cache").Length - 1);

        // All that is cached, also what images stand on: those stay.
        (await daemon[client].RunAsync("builder", "prune", "-af")).Succeeded().Saying("Total reclaimed space: 0B");
        Assert.Empty(await StepsAsync(api));
        foreach (var id in new[] { unnamed, replaced, "named", "name" }) (await daemon.Docker.RunAsync("image", "inspect", id)).Succeeded();
        Assert.Equal("named", await daemon.Docker.TextAsync("run", "--rm", "named", "cat", "/a"));
        Assert.DoesNotContain("Using cache", (await BuildAsync("named", "-t", "named")).Succeeded().Output);
    }

    [Fact]
    public async Task A_prune_of_one_step_leaves_the_others_and_what_is_no_condition_is_refused()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        using var api = new PlainApi(daemon);
        using var files = new ScratchFolder();
        files.Write("Dockerfile", "FROM busybox\nRUN echo one > /one\nRUN echo two > /two\nRUN exit 3\n");
        Assert.NotEqual(0, (await daemon.Docker.RunAsync("build", files.Path)).ExitCode);
        var steps = await StepsAsync(api);
        Assert.Equal(2, steps.Count);
        (await daemon.Docker.RunAsync("builder", "prune", "-f", "--filter", $"id={steps[0]}")).Succeeded();
        Assert.Equal([steps[1]], await StepsAsync(api));
        (await daemon.Docker.RunAsync("builder", "prune", "-f", "--filter", "parent=x")).FailedSaying("invalid filter");
        Assert.Equal([steps[1]], await StepsAsync(api));
    }

    private static async Task<List<string>> StepsAsync(PlainApi api)
    {
        using var usage = JsonDocument.Parse((await api.SendAsync("GET", "/system/df?type=build-cache")).Text);
        return [.. usage.RootElement.GetProperty("BuildCache").EnumerateArray().Select(step => step.GetProperty("ID").GetString()!)];
    }
}
