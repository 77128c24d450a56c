using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.Clients;

/// <summary>Caches that builds elsewhere use: in a folder of the client's, and by <c>yun build</c> in a registry.</summary>
public sealed class BuildxCacheTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        BuildxPlugin.PutInto(Daemon);
    }

    private ScratchFolder Context(string mark) =>
        Folder(("Dockerfile", $"FROM busybox AS first\nRUN echo {mark}; od -N8 -tx8 /dev/urandom > /random\nFROM busybox\nCOPY --from=first /random /copied\nRUN od -N8 -tx8 /dev/urandom > /last\n"));

    [Theory, InlineData("min"), InlineData("max")]
    public async Task A_folder_of_the_clients_holds_a_cache_for_builds_elsewhere(string mode)
    {
        var image = Name("image");
        var files = Context(image);
        using var cache = new ScratchFolder();
        await using var elsewhere = await EndToEnd.Daemon.StartAsync();
        BuildxPlugin.PutInto(elsewhere);
        (await BuildxPlugin.BuildAsync(Docker, files, "-t", image, "--cache-to", $"type=local,dest={cache.Path},mode={mode}")).Succeeded();
        var made = await Docker.TextAsync("run", "--rm", image, "cat", "/copied", "/last");
        // The same base, so that the images are made of the same.
        (await new Command("sh", "-c", $"{Docker.Program} -H unix://{Daemon.Socket} save busybox | {Docker.Program} -H unix://{elsewhere.Socket} load").RunAsync()).Succeeded();
        var built = (await BuildxPlugin.BuildAsync(elsewhere.Docker, files, "-t", image, "--cache-from", $"type=local,src={cache.Path}")).Succeeded();
        // Of the last stage alone what it copies is known by its content, which is made anew.
        if (mode == "max") Assert.Equal(made, await elsewhere.Docker.TextAsync("run", "--rm", image, "cat", "/copied", "/last"));
        Assert.Contains($"importing cache manifest from {cache.Path}", built.Error);
        Assert.Equal(mode == "max" ? 3 : 0, built.Error.Split("CACHED").Length - 1);
        (await elsewhere.Docker.RunAsync("rmi", image)).Succeeded();
        (await elsewhere.Docker.RunAsync("builder", "prune", "-af")).Succeeded();
        Assert.Equal("", await elsewhere.Docker.TextAsync("images", "-q", "--filter", "dangling=true"));
    }

    [Fact]
    public async Task A_damaged_cache_in_a_folder_is_told_and_the_build_does_without()
    {
        var image = Name("image");
        var files = Context(image);
        using var cache = new ScratchFolder();
        (await BuildxPlugin.BuildAsync(Docker, files, "--cache-to", $"type=local,dest={cache.Path},mode=max")).Succeeded();
        foreach (var blob in Directory.GetFiles(cache["blobs/sha256"]).Where(blob => new FileInfo(blob).Length > 1000))
        {
            File.SetUnixFileMode(blob, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllTextAsync(blob, new string('x', (int)new FileInfo(blob).Length));
        }
        var built = (await BuildxPlugin.BuildAsync(Docker, files, "-t", image, "--no-cache", "--cache-from", $"type=local,src={cache.Path}")).Succeeded();
        Assert.Contains("is damaged", built.Error);
    }

    [Fact]
    public async Task Yun_build_brings_its_cache_to_a_registry_and_takes_it_from_there()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        var (image, cache) = (Name("image"), $"{registry.Address}/yourname/cache");
        var files = Context(image);
        await using var elsewhere = await EndToEnd.Daemon.StartAsync();
        (await new Command("sh", "-c", $"{Docker.Program} -H unix://{Daemon.Socket} save busybox | {Docker.Program} -H unix://{elsewhere.Socket} load").RunAsync()).Succeeded();
        (await Daemon.Yun.RunAsync("build", "-t", image, "--cache-to", $"type=registry,ref={cache},mode=max", files.Path)).Succeeded();
        var made = await Docker.TextAsync("run", "--rm", image, "cat", "/copied", "/last");
        (await elsewhere.Yun.RunAsync("build", "-t", image, "--cache-from", $"type=registry,ref={cache}", files.Path)).Succeeded();
        Assert.Equal(made, await elsewhere.Docker.TextAsync("run", "--rm", image, "cat", "/copied", "/last"));
        (await Daemon.Yun.RunAsync("build", "--cache-to", "type=local,dest=x", files.Path)).FailedSaying("caches in folders are exchanged by buildx");
    }
}
