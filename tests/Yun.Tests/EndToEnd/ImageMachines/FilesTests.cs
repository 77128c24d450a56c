namespace Yun.Tests.EndToEnd.ImageMachines;

/// <summary>A machine's files from outside, as a container's are read and written: its own kernel does it.</summary>
public sealed class FilesTests(MachineFixture machines) : IClassFixture<MachineFixture>
{
    [Fact]
    public async Task Files_go_in_and_out_and_what_has_changed_becomes_an_image()
    {
        var daemon = await machines.StartedAsync();
        var docker = daemon.Docker;
        using var folder = new ScratchFolder(("in/one", "first\n"), ("in/deep/two", "second\n"));
        await docker.TextAsync("run", "-d", "--name", "filed", "--runtime", "vm", "--network", "none", "--tmpfs", "/scratch", "-v", "kept:/volume", "busybox",
            "sh", "-c", "mkdir /made && echo made > /made/file && ln -s /made/../made/file /link && rm /etc/group; touch /scratch/not /volume/not; while :; do date >> /busy; done");
        try
        {
            await docker.TextAsync("cp", $"{folder.Path}/in", "filed:/given");
            Assert.Equal("second", await docker.TextAsync("exec", "filed", "cat", "/given/deep/two"));
            Assert.Equal("first\n", (await docker.RunAsync("exec", "filed", "cat", "/given/one")).Output);
            await docker.TextAsync("cp", "-L", "filed:/link", $"{folder.Path}/out");
            Assert.Equal("made\n", File.ReadAllText($"{folder.Path}/out"));
            await docker.TextAsync("cp", "filed:/made", $"{folder.Path}/folder");
            Assert.Equal("made\n", File.ReadAllText($"{folder.Path}/folder/file"));
            await docker.TextAsync("cp", $"{folder.Path}/in/one", "filed:/volume/one");
            Assert.Equal("first", await docker.TextAsync("run", "--rm", "-v", "kept:/volume", "busybox", "cat", "/volume/one"));

            var missing = await docker.RunAsync("cp", "filed:/nowhere/at/all", "-");
            Assert.Contains("Could not find the file /nowhere/at/all in container", missing.Error, StringComparison.Ordinal);

            var changes = (await docker.RunAsync("diff", "filed")).Succeeded().Lines;
            Assert.Superset(new HashSet<string> { "A /made", "A /made/file", "A /link", "A /given", "A /given/deep/two", "C /etc", "D /etc/group" }, changes.ToHashSet());
            Assert.DoesNotContain(changes, change => change.EndsWith("/not", StringComparison.Ordinal));

            var exported = (await docker.CommandOf("sh", "-c", "\"$0\" export filed | tar t", docker.Program).RunAsync()).Succeeded().Lines;
            Assert.Contains("made/file", exported);
            Assert.DoesNotContain("etc/group", exported);
            Assert.DoesNotContain("scratch/not", exported);

            await docker.TextAsync("commit", "-c", "CMD [\"cat\", \"/given/one\"]", "filed", "grown");
            Assert.Equal("first", await docker.TextAsync("run", "--rm", "grown"));
            Assert.Equal(1, (await docker.RunAsync("run", "--rm", "grown", "ls", "/etc/group")).ExitCode);
            // Whoever was held up meanwhile goes on.
            var size = await docker.TextAsync("exec", "filed", "stat", "-c", "%s", "/busy");
            await Eventually.HoldsAsync(async () => await docker.TextAsync("exec", "filed", "stat", "-c", "%s", "/busy") != size);

            await docker.TextAsync("stop", "-t", "1", "filed");
            await FilesAreReachedAtRestAsync(docker, folder);
        }
        finally
        {
            await docker.RunAsync("rm", "-f", "-v", "filed");
            await docker.RunAsync("volume", "rm", "kept");
            await docker.RunAsync("rmi", "grown", "rested");
        }
    }

    /// <summary>The same, of one that does not run.</summary>
    private static async Task FilesAreReachedAtRestAsync(Client docker, ScratchFolder folder)
    {
        await docker.TextAsync("cp", $"{folder.Path}/in/one", "filed:/rested");
        await docker.TextAsync("cp", "filed:/made", $"{folder.Path}/again");
        Assert.Equal("made\n", File.ReadAllText($"{folder.Path}/again/file"));
        Assert.Contains("Could not find the file /nowhere/at/all in container", (await docker.RunAsync("cp", "filed:/nowhere/at/all", "-")).Error, StringComparison.Ordinal);
        Assert.Contains("/volume/one is in a volume at /volume", (await docker.RunAsync("cp", "filed:/volume/one", "-")).Error, StringComparison.Ordinal);
        Assert.Superset(new HashSet<string> { "A /rested", "A /made/file", "D /etc/group" }, (await docker.RunAsync("diff", "filed")).Succeeded().Lines.ToHashSet());
        var exported = (await docker.CommandOf("sh", "-c", "\"$0\" export filed | tar t", docker.Program).RunAsync()).Succeeded().Lines;
        Assert.Superset(new HashSet<string> { "made/file", "rested", "bin/busybox" }, exported.ToHashSet());
        await docker.TextAsync("commit", "filed", "rested");
        Assert.Equal("first", await docker.TextAsync("run", "--rm", "rested", "cat", "/rested"));
        Assert.Equal("exited", await docker.TextAsync("inspect", "-f", "{{.State.Status}}", "filed"));
        await docker.TextAsync("start", "filed");
        Assert.Equal("first", await docker.TextAsync("exec", "filed", "cat", "/rested"));
    }
}
