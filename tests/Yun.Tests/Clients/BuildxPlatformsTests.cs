using System.Text.Json;
using Yun.Oci;
using Yun.Tests.EndToEnd;
using Yun.Tests.RegistryApi;

namespace Yun.Tests.Clients;

/// <summary>Builds for several platforms at once, by buildx and by <c>yun build</c>.</summary>
public sealed class BuildxPlatformsTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private const string Platforms = "linux/amd64,linux/arm64", Dockerfile = """
        FROM --platform=$BUILDPLATFORM busybox AS compiler
        ARG TARGETPLATFORM
        RUN echo "for $TARGETPLATFORM" > /program
        FROM scratch
        ARG TARGETARCH
        COPY --from=compiler /program /
        LABEL arch=$TARGETARCH
        """;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        BuildxPlugin.PutInto(Daemon);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Each_platform_has_its_image_under_one_name_and_all_are_pushed(string client)
    {
        await using var registry = await NativeRegistry.StartAsync();
        var image = $"{registry.Address}/{Name("image")}:v1";
        var files = Folder(("Dockerfile", Dockerfile));
        (client == "docker" ? await BuildxPlugin.BuildAsync(Docker, files, "--platform", Platforms, "-t", image) : await Daemon.Yun.RunAsync("build", "--platform", Platforms, "-t", image, files.Path)).Succeeded();
        Assert.Equal(Platform.Host.Architecture, await Docker.TextAsync("inspect", "-f", "{{.Architecture}}", image));
        (await Docker.RunAsync("push", image)).Succeeded();
        (await Docker.RunAsync("rmi", image)).Succeeded();
        foreach (var platform in Platforms.Split(','))
        {
            (await Docker.RunAsync("pull", "--platform", platform, image)).Succeeded();
            var container = await Docker.TextAsync("create", "--platform", platform, image, "none");
            (await Docker.RunAsync("cp", $"{container}:/program", files["program"])).Succeeded();
            (await Docker.RunAsync("rm", container)).Succeeded();
            Assert.Equal($"for {platform}\n", files.Read("program"));
        }
        Assert.Contains("linux/arm64", (await Docker.RunAsync("buildx", "imagetools", "inspect", image)).Succeeded().Output);
        (await Docker.RunAsync("rmi", image)).Succeeded();
    }

    [Fact]
    public async Task Results_for_several_platforms_are_sent_as_layouts_tars_and_folders()
    {
        var files = Folder(("Dockerfile", Dockerfile));
        using var results = new ScratchFolder();
        (await BuildxPlugin.BuildAsync(Docker, files, "--platform", Platforms, "--output", $"type=local,dest={results["local"]}")).Succeeded();
        Assert.Equal(["for linux/amd64\n", "for linux/arm64\n"], new[] { results.Read("local/linux_amd64/program"), results.Read("local/linux_arm64/program") });
        (await BuildxPlugin.BuildAsync(Docker, files, "--platform", Platforms, "--output", $"type=tar,dest={results["all.tar"]}")).Succeeded();
        Assert.Contains("linux_arm64/program", (await new Command("tar", "-tf", results["all.tar"]).RunAsync()).Succeeded().Output);
        (await BuildxPlugin.BuildAsync(Docker, files, "--platform", Platforms, "--output", $"type=oci,dest={results["oci.tar"]}")).Succeeded();
        Directory.CreateDirectory(results["oci"]);
        (await new Command("tar", "-C", results["oci"], "-xf", results["oci.tar"]).RunAsync()).Succeeded();
        using var layout = JsonDocument.Parse(results.Read("oci/index.json"));
        var entry = Assert.Single(layout.RootElement.GetProperty("manifests").EnumerateArray().ToList());
        Assert.Equal(MediaTypes.OciIndex, entry.GetProperty("mediaType").GetString());
        using var index = JsonDocument.Parse(results.Read($"oci/blobs/sha256/{Digest.Parse(entry.GetProperty("digest").GetString()!).Hex}"));
        Assert.Equal(["amd64", "arm64"], index.RootElement.GetProperty("manifests").EnumerateArray().Select(one => one.GetProperty("platform").GetProperty("architecture").GetString()!));
        (await BuildxPlugin.BuildAsync(Docker, files, "--platform", Platforms, "--output", $"type=docker,dest={results["docker.tar"]}")).EndedWith(1);
    }

    [Fact]
    public async Task A_command_of_a_platform_that_cannot_run_here_is_refused_with_the_ones_that_can()
    {
        const string foreign = "linux/mips64le";
        var files = Folder(("Dockerfile", "FROM scratch\nCOPY Dockerfile /sh\nRUN [\"/sh\"]\n"));
        (await BuildxPlugin.BuildAsync(Docker, files, "--platform", foreign)).FailedSaying($"RUN cannot be done for {foreign}: this machine runs linux/{Platform.Host.Architecture}");
        (await Daemon.Yun.RunAsync("build", "--platform", $"linux/{Platform.Host.Architecture},{foreign}", files.Path)).EndedWith(1);
        (await Daemon.Yun.RunAsync("build", "--platform", "linux/a/b/c", files.Path)).FailedSaying("platform specifier");
    }
}
