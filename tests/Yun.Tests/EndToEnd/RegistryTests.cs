using System.Text.Json.Nodes;
using Yun.Oci;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.EndToEnd;

/// <summary>push, pull and login against the reference registry.</summary>
public sealed class RegistryTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task An_image_is_pushed_removed_and_pulled_again(string client)
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        var image = await OwnImageAsync($"{registry.Address}/yourname/sample:v1");
        var pushed = (await Daemon[client].RunAsync("push", image)).Succeeded();
        Assert.Matches("v1: digest: sha256:[0-9a-f]{64} size: [0-9]+", pushed.Output);
        var id = await Docker.TextAsync("inspect", "-f", "{{.Id}}", image);
        await Docker.TextAsync("rmi", image);
        var pulled = (await Daemon[client].RunAsync("pull", image)).Succeeded();
        Assert.Contains("Status: Downloaded newer image", pulled.Output);
        Assert.Equal(id, await Docker.TextAsync("inspect", "-f", "{{.Id}}", image));
        Assert.Contains("Image is up to date", (await Daemon[client].RunAsync("pull", image)).Succeeded().Output);
        await Docker.TextAsync("rmi", image);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_run_pulls_what_is_missing(string client)
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        var image = await OwnImageAsync($"{registry.Address}/sample");
        (await Docker.RunAsync("push", "-q", image)).Succeeded();
        await Docker.TextAsync("rmi", image);
        var first = (await Daemon[client].RunAsync("run", "--rm", image, "cat", "/own")).Succeeded();
        Assert.Contains("Unable to find image", first.Error);
        Assert.DoesNotContain("Unable to find image", (await Daemon[client].RunAsync("run", "--rm", image, "cat", "/own")).Succeeded().Error);
        await Docker.TextAsync("rmi", image);
    }

    [Fact]
    public async Task An_image_is_pulled_by_its_digest()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        var image = await OwnImageAsync($"{registry.Address}/sample:v1");
        (await Docker.RunAsync("push", image)).Succeeded();
        var digest = (await Docker.TextAsync("inspect", "-f", "{{index .RepoDigests 0}}", image)).Split('@')[1];
        await Docker.TextAsync("rmi", image);
        (await Docker.RunAsync("pull", $"{registry.Address}/sample@{digest}")).Succeeded();
        (await Docker.RunAsync("run", "--rm", $"{registry.Address}/sample@{digest}", "true")).Succeeded();
        (await Docker.RunAsync("rmi", $"{registry.Address}/sample@{digest}")).Succeeded();
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_registry_with_accounts_wants_a_login(string client)
    {
        await using var registry = await ReferenceRegistry.StartWithPasswordsAsync();
        var image = await OwnImageAsync($"{registry.Address}/private");
        Assert.Equal(1, (await Daemon[client].RunAsync("push", image)).ExitCode);
        Assert.Equal(1, (await Daemon[client].RunWithInputAsync("wrong", "login", "-u", ReferenceRegistry.User, "--password-stdin", registry.Address)).ExitCode);
        Assert.Contains("Login Succeeded", (await Daemon[client].RunWithInputAsync(ReferenceRegistry.Password, "login", "-u", ReferenceRegistry.User, "--password-stdin", registry.Address)).Succeeded().Output);
        (await Daemon[client].RunAsync("push", image)).Succeeded();
        await Docker.TextAsync("rmi", image);
        (await Daemon[client].RunAsync("pull", image)).Succeeded();
        await Docker.TextAsync("rmi", image);
        (await Daemon[client].RunAsync("logout", registry.Address)).Succeeded();
        Assert.Equal(1, (await Daemon[client].RunAsync("pull", image)).ExitCode);
    }

    [Fact]
    public async Task A_layer_that_is_not_what_its_digest_says_is_refused_and_leaves_nothing()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        var image = await OwnImageAsync($"{registry.Address}/sample");
        (await Docker.RunAsync("push", image)).Succeeded();
        await Docker.TextAsync("rmi", image);
        foreach (var blob in Directory.GetFiles(registry.Blobs, "data", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length < 100_000))
        {
            // The smallest layer: gzip begins with 1f 8b; manifests and configurations are JSON.
            var bytes = File.ReadAllBytes(blob);
            if (bytes[0] != 0x1f)
                continue;
            bytes[^5] ^= 0xff;
            File.WriteAllBytes(blob, bytes);
        }
        Assert.Equal(1, (await Docker.RunAsync("pull", image)).ExitCode);
        (await Docker.RunAsync("inspect", image)).FailedSaying("no such");
    }

    [Fact]
    public async Task What_the_registry_does_not_have_is_named()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        (await Docker.RunAsync("pull", $"{registry.Address}/nosuch:tag")).EndedWith(1).FailedSaying("nosuch");
        (await Docker.RunAsync("pull", $"127.0.0.1:{LoopbackPort.Free()}/nobody")).EndedWith(1).FailedSaying("connection refused");
    }

    private async Task<string> OwnImageAsync(string reference)
    {
        var files = Folder(("Dockerfile", $"FROM busybox\nRUN echo {Name()} > /own\n"));
        (await Docker.RunAsync("build", "-q", "-t", reference, files.Path)).Succeeded();
        return reference;
    }

    [Fact]
    public async Task A_name_of_several_platforms_shows_them_and_gives_the_one_that_is_asked_for()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(new Uri($"http://{registry.Address}"));
        var there = Platform.Parse("linux/s390x");
        var entries = new JsonArray();
        foreach (var platform in new[] { there, Platform.Host })
            entries.Add(await content.PutImageAsync(null, platform, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, new TarBytes().File("run", $"{platform}").End()));
        var index = await content.PutManifestAsync("many", MediaTypes.OciIndex, new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = entries });
        var image = $"{registry.Address}/sample:many";
        (await Docker.RunAsync("pull", image)).Succeeded().Saying($"Digest: {index}");
        (await Daemon.Yun.RunAsync("images", "--tree", image)).Succeeded().Saying($"├─ {there} (not here)").Saying($"└─ {Platform.Host} ");
        (await Docker.RunAsync("create", "--platform", $"{there}", "--pull", "never", image)).FailedSaying("does not provide the specified platform");

        (await Docker.RunAsync("pull", "--platform", $"{there}", image)).Succeeded();
        (await Daemon.Yun.RunAsync("images", "--tree", image)).Succeeded().Saying($"├─ {there} ");
        Assert.Single((await Docker.RunAsync("images", "-q", $"{registry.Address}/sample")).Lines);
        Assert.Equal(Platform.Host.Architecture, await Docker.TextAsync("inspect", "-f", "{{.Architecture}}", image));
        var container = await Docker.TextAsync("create", "--platform", $"{there}", image);
        Assert.Contains($"{there}", await Docker.TextAsync("cp", $"{container}:/run", "-"));
        (await Docker.RunAsync("rm", container)).Succeeded();

        var files = Folder();
        (await Daemon.Yun.RunAsync("save", "--platform", $"{there}", "-o", files["one.tar"], image)).Succeeded();
        (await Docker.RunAsync("rmi", image)).Succeeded();
        (await Docker.RunAsync("load", "-i", files["one.tar"])).Succeeded();
        Assert.Equal("s390x", await Docker.TextAsync("inspect", "-f", "{{.Architecture}}", image));
        (await Docker.RunAsync("rmi", image)).Succeeded();
    }
}
