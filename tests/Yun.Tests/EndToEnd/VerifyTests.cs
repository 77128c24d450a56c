using Yun.Tests.Images.Registry;

namespace Yun.Tests.EndToEnd;

/// <summary>yun system verify and repair, on a store that somebody else has damaged.</summary>
public sealed class VerifyTests
{
    [Fact]
    public async Task What_is_damaged_is_found_and_got_again_from_where_it_came()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var daemon = await PulledAsync(registry, "tool");
        Assert.Equal("Everything is as it was.", (await daemon.Yun.RunAsync("system", "verify")).Succeeded().Text);

        var file = Directory.GetFiles(Path.Combine(daemon.DataRoot, "layers"), "mark", SearchOption.AllDirectories).Single();
        File.WriteAllText(file, "changed\n");
        (await daemon.Yun.RunAsync("system", "verify")).EndedWith(1).Saying("layer sha256:").Saying("'mark' has").Saying("tool");
        (await daemon.Yun.RunAsync("system", "repair")).Succeeded().Saying("repaired: It was unpacked again from its content.");
        Assert.Equal("a mark", await daemon.Docker.TextAsync("run", "--rm", $"{registry.Address}/tool", "cat", "/mark"));

        // The largest is a layer, the others the configuration and the manifest.
        foreach (var blob in Blobs(daemon))
        {
            File.WriteAllBytes(blob, []);
            (await daemon.Yun.RunAsync("system", "verify")).EndedWith(1).Saying($"content sha256:{Path.GetFileName(blob)}: it is empty");
            (await daemon.Yun.RunAsync("system", "repair")).Succeeded().Saying("downloaded again");
            (await daemon.Yun.RunAsync("system", "verify")).Succeeded();
        }
        Assert.Equal("a mark", await daemon.Docker.TextAsync("run", "--rm", $"{registry.Address}/tool", "cat", "/mark"));
    }

    [Fact]
    public async Task An_image_that_was_lost_while_the_daemon_was_away_comes_back_with_its_names()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var daemon = await PulledAsync(registry, "tool");
        await daemon.Docker.TextAsync("tag", $"{registry.Address}/tool", "tool:mine");
        Assert.Equal(0, await daemon.StopAsync());
        foreach (var layer in Directory.GetDirectories(Path.Combine(daemon.DataRoot, "layers")).Where(layer => File.Exists(Path.Combine(layer, "layer.json")))) Directory.Delete(layer, recursive: true);
        await daemon.StartAgainAsync();
        (await daemon.Docker.RunAsync("run", "--rm", "--pull", "never", "tool:mine", "true")).EndedWith(125);
        (await daemon.Yun.RunAsync("system", "verify")).EndedWith(1).Saying("image sha256:").Saying("tool:mine");
        (await daemon.Yun.RunAsync("system", "repair")).Succeeded();
        Assert.Equal("a mark", await daemon.Docker.TextAsync("run", "--rm", "--pull", "never", "tool:mine", "cat", "/mark"));
        (await daemon.Yun.RunAsync("system", "verify")).Succeeded();
    }

    [Fact]
    public async Task What_cannot_be_repaired_says_why()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var daemon = await PulledAsync(registry, "tool");
        await daemon.Docker.TextAsync("run", "-d", "--name", "runs", $"{registry.Address}/tool", "sleep", "1000");
        File.WriteAllText(Directory.GetFiles(Path.Combine(daemon.DataRoot, "layers"), "mark", SearchOption.AllDirectories).Single(), "changed\n");
        (await daemon.Yun.RunAsync("system", "repair")).EndedWith(1).Saying("not repaired: The running container").Saying("stop it");
        await daemon.Docker.TextAsync("rm", "-f", "runs");
        (await daemon.Yun.RunAsync("system", "repair")).Succeeded();

        using var context = new ScratchFolder(("Dockerfile", $"FROM {registry.Address}/tool\nRUN echo own > /own\n"));
        (await daemon.Docker.RunAsync("build", "-q", "-t", "own", context.Path)).Succeeded();
        File.WriteAllText(Directory.GetFiles(Path.Combine(daemon.DataRoot, "layers"), "own", SearchOption.AllDirectories).Single(), "changed\n");
        (await daemon.Yun.RunAsync("system", "repair")).EndedWith(1).Saying("is damaged").Saying("not repaired: It was made on this machine and is in no registry: build its image again.");
    }

    private static string[] Blobs(Daemon daemon) => Directory.GetFiles(Path.Combine(daemon.DataRoot, "content/blobs/sha256"));

    /// <summary>A daemon whose only image was pulled.</summary>
    private static async Task<Daemon> PulledAsync(ReferenceRegistry registry, string name)
    {
        var daemon = await Daemon.StartWithBusyboxAsync();
        using var context = new ScratchFolder(("Dockerfile", "FROM busybox\nRUN echo a mark > /mark\n"));
        (await daemon.Docker.RunAsync("build", "-q", "-t", $"{registry.Address}/{name}", context.Path)).Succeeded();
        (await daemon.Docker.RunAsync("push", "-q", $"{registry.Address}/{name}")).Succeeded();
        (await daemon.Docker.RunAsync("rmi", "-f", $"{registry.Address}/{name}", "busybox")).Succeeded();
        (await daemon.Docker.RunAsync("pull", "-q", $"{registry.Address}/{name}")).Succeeded();
        return daemon;
    }
}
