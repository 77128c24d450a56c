using Yun.Images;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Tests.EndToEnd;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.RegistryApi;

/// <summary>The native registry, spoken to by the clients that people have.</summary>
public sealed class ClientTests
{
    private static readonly byte[] s_base = new TarBytes().Directory("etc").File("etc/name", "base").End();
    private static readonly byte[] s_top = new TarBytes().Directory("etc").File("etc/name", "top").End();

    /// <summary>An image pushed by our own client; its digest.</summary>
    private static async Task<Digest> PushAsync(string name, RegistryAuth? auth = null)
    {
        await using var store = await ScratchStore.OpenAsync();
        await store.MakeAsync(name, s_base, s_top);
        return (await store.Images.PushAsync(ImageReference.Parse(name), auth, null)).Digest;
    }

    [Fact]
    public async Task Skopeo_inspects_copies_lists_and_deletes()
    {
        await using var registry = await NativeRegistry.StartAsync(accounts: true);
        using var folder = new ScratchFolder();
        var skopeo = new ContainerTools(folder);
        var auth = new RegistryAuth(ReferenceRegistry.User, ReferenceRegistry.Password);
        var digest = await PushAsync($"{registry.Address}/one:v1", auth);
        Assert.NotEqual(0, (await skopeo.SkopeoAsync("inspect", "--tls-verify=false", $"docker://{registry.Address}/one:v1")).ExitCode);
        (await skopeo.SkopeoAsync("login", "--tls-verify=false", "-u", ReferenceRegistry.User, "-p", ReferenceRegistry.Password, registry.Address)).Succeeded();
        Assert.Contains(digest.ToString(), (await skopeo.SkopeoAsync("inspect", "--tls-verify=false", $"docker://{registry.Address}/one:v1")).Succeeded().Output, StringComparison.Ordinal);
        (await skopeo.SkopeoAsync("copy", "--src-tls-verify=false", $"docker://{registry.Address}/one:v1", $"oci:{folder["layout"]}:v1")).Succeeded();
        (await skopeo.SkopeoAsync("copy", "--dest-tls-verify=false", $"oci:{folder["layout"]}:v1", $"docker://{registry.Address}/two/deep:v2")).Succeeded();
        (await skopeo.SkopeoAsync("copy", "--src-tls-verify=false", "--dest-tls-verify=false", $"docker://{registry.Address}/one:v1", $"docker://{registry.Address}/three:v3")).Succeeded();
        Assert.Contains("\"v2\"", (await skopeo.SkopeoAsync("list-tags", "--tls-verify=false", $"docker://{registry.Address}/two/deep")).Succeeded().Output, StringComparison.Ordinal);
        (await skopeo.SkopeoAsync("delete", "--tls-verify=false", $"docker://{registry.Address}/three:v3")).Succeeded();
        await using var store = await ScratchStore.OpenAsync();
        Assert.Equal("top", store.Read(await store.PullAsync($"{registry.Address}/two/deep:v2", auth: auth), "etc/name"));
        Assert.NotEqual(0, (await skopeo.SkopeoAsync("inspect", "--tls-verify=false", $"docker://{registry.Address}/three:v3")).ExitCode);
    }

    [Fact]
    public async Task Podman_and_buildah_pull_and_push()
    {
        await using var registry = await NativeRegistry.StartAsync();
        using var folder = new ScratchFolder();
        var tools = new ContainerTools(folder);
        await PushAsync($"{registry.Address}/one:v1");
        (await tools.PodmanAsync("pull", "--tls-verify=false", $"{registry.Address}/one:v1")).Succeeded();
        (await tools.PodmanAsync("tag", $"{registry.Address}/one:v1", $"{registry.Address}/two:v1")).Succeeded();
        (await tools.PodmanAsync("push", "--tls-verify=false", $"{registry.Address}/two:v1")).Succeeded();
        var container = (await tools.BuildahAsync("from", "--tls-verify=false", $"{registry.Address}/two:v1")).Succeeded().Text;
        (await tools.BuildahAsync("config", "--env", "BUILT=1", container)).Succeeded();
        (await tools.BuildahAsync("commit", container, $"{registry.Address}/three:v1")).Succeeded();
        (await tools.BuildahAsync("push", "--tls-verify=false", $"{registry.Address}/three:v1")).Succeeded();
        await using var store = await ScratchStore.OpenAsync();
        var image = await store.PullAsync($"{registry.Address}/three:v1");
        Assert.Equal("top", store.Read(image, "etc/name"));
        Assert.Contains("BUILT=1", image.Config.Config!.Env!);
    }

    [Fact]
    public async Task The_NET_SDK_publishes_an_image_from_a_base_here_to_here()
    {
        await using var registry = await NativeRegistry.StartAsync();
        await PushAsync($"{registry.Address}/base:1");
        using var folder = new ScratchFolder(("app/app.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><RuntimeIdentifier>linux-{(Platform.Host.Architecture == "arm64" ? "arm64" : "x64")}</RuntimeIdentifier>
                <SelfContained>false</SelfContained><UseAppHost>false</UseAppHost>
                <ContainerBaseImage>{registry.Address}/base:1</ContainerBaseImage><ContainerRegistry>{registry.Address}</ContainerRegistry><ContainerRepository>yourname/app</ContainerRepository><ContainerImageTag>v1</ContainerImageTag>
              </PropertyGroup>
            </Project>
            """), ("app/Program.cs", "System.Console.WriteLine(\"hello\");"));
        var publish = new Command("dotnet", "publish", folder["app"], "-t:PublishContainer", "-c", "Release", "--nologo", "--disable-build-servers") { WorkingDirectory = folder.Path, Deadline = TimeSpan.FromMinutes(5) };
        publish.Environment["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Address;
        publish.Environment["DOTNET_CLI_HOME"] = folder.Path;
        (await publish.RunAsync()).Succeeded();
        await using var store = await ScratchStore.OpenAsync();
        var image = await store.PullAsync($"{registry.Address}/yourname/app:v1");
        Assert.Equal("top", store.Read(image, "etc/name"));
        Assert.NotNull(store.Read(image, "app/app.dll"));
    }

    [Fact]
    public async Task The_docker_client_pushes_and_pulls_by_a_daemon_that_serves_the_registry_itself()
    {
        var address = $"127.0.0.1:{LoopbackPort.Free()}";
        await using var daemon = await EndToEnd.Daemon.StartWithBusyboxAsync("--registry", address);
        await daemon.Docker.TextAsync("tag", "busybox", $"{address}/yourname/busybox:v1");
        (await daemon.Docker.RunAsync("push", $"{address}/yourname/busybox:v1")).Succeeded();
        var blobs = Directory.GetFiles(Path.Combine(daemon.DataRoot, "content/blobs/sha256")).Length;
        await daemon.Docker.TextAsync("rmi", "-f", $"{address}/yourname/busybox:v1", "busybox:latest");
        (await daemon.Docker.RunAsync("pull", $"{address}/yourname/busybox:v1")).Succeeded();
        // One copy serves both.
        Assert.Equal(blobs, Directory.GetFiles(Path.Combine(daemon.DataRoot, "content/blobs/sha256")).Length);
        Assert.Equal("hello", await daemon.Docker.TextAsync("run", "--rm", $"{address}/yourname/busybox:v1", "echo", "hello"));
        Assert.Contains($"{address}/yourname/busybox", await daemon.Docker.TextAsync("search", $"{address}/busy"), StringComparison.Ordinal);
        Assert.Contains($"{address}/yourname/busybox", await daemon.Docker.TextAsync("search", "busy"), StringComparison.Ordinal);
        await daemon.KillAsync();
        await daemon.StartAgainAsync();
        await daemon.Docker.TextAsync("rmi", "-f", $"{address}/yourname/busybox:v1");
        Assert.Equal("hello", await daemon.Docker.TextAsync("run", "--rm", $"{address}/yourname/busybox:v1", "echo", "hello"));
    }

    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost_when_the_registry_is_killed()
    {
        await using var registry = await NativeRegistry.StartAsync();
        var digests = new List<Digest>();
        for (var i = 0; i < 5; i++)
        {
            digests.Add(await PushAsync($"{registry.Address}/sample{i}:v1"));
            await registry.KillAsync();
            await registry.StartAsync();
        }
        await using var store = await ScratchStore.OpenAsync();
        for (var i = 0; i < 5; i++) Assert.Contains($"{registry.Address}/sample{i}@{digests[i]}", (await store.PullAsync($"{registry.Address}/sample{i}:v1")).RepoDigests);
    }
}
