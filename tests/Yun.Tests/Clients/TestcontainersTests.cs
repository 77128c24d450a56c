using System.Text;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

/// <summary>The Testcontainers package as tests of other projects use it. The image of its resource reaper is to be had from Docker Hub alone; <c>yun system reaper</c> stands in for it.</summary>
public sealed class TestcontainersTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private const string Server = "echo page >/index.html; echo listening; exec httpd -f -p 80 -h /";

    static TestcontainersTests() => TestcontainersSettings.ResourceReaperEnabled = false;

    [Fact]
    public async Task A_container_is_ready_when_its_port_its_page_its_log_and_its_command_say_so()
    {
        await using var container = Container().WithCommand("sh", "-c", Server).WithPortBinding(80, true)
            .WithWaitStrategy(Wait.ForUnixContainer().UntilInternalTcpPortIsAvailable(80).UntilExternalTcpPortIsAvailable(80).UntilMessageIsLogged("listening")
                .UntilHttpRequestIsSucceeded(request => request.ForPort(80).ForPath("/index.html")).UntilCommandIsCompleted("test", "-e", "/index.html")).Build();
        await container.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient();
        Assert.Equal("page\n", await http.GetStringAsync(new UriBuilder("http", container.Hostname, container.GetMappedPublicPort(80), "index.html").Uri));
        Assert.Equal("listening\n", (await container.GetLogsAsync(timestampsEnabled: false)).Stdout);
        await container.PauseAsync();
        await container.UnpauseAsync();
        await container.StopAsync();
        Assert.Equal(137, await container.GetExitCodeAsync());
    }

    [Fact]
    public async Task A_container_is_ready_when_its_health_check_says_so()
    {
        await using var container = Container().WithCommand("sh", "-c", "sleep 1; touch /ready; exec sleep 1000")
            .WithCreateParameterModifier(create => create.Healthcheck = new() { Test = ["CMD", "test", "-e", "/ready"], Interval = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromSeconds(5), Retries = 60 })
            .WithWaitStrategy(Wait.ForUnixContainer().UntilContainerIsHealthy(failingStreak: 60)).Build();
        await container.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, (await container.ExecAsync(["test", "-e", "/ready"])).ExitCode);
    }

    [Fact]
    public async Task A_container_that_ends_while_it_is_waited_for_fails_the_start_with_its_log()
    {
        await using var container = Container().WithCommand("sh", "-c", "echo no configuration >&2; exit 7")
            .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("never said")).Build();
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => container.StartAsync());
        Assert.Contains("no configuration", failure.ToString());
    }

    [Fact]
    public async Task Files_are_copied_in_before_and_after_the_start_and_read_out()
    {
        using var folder = new ScratchFolder(("tree/a", "one"), ("tree/below/b", "two"));
        await using var container = Container().WithCommand("sh", "-c", "cat /etc/given; exec sleep 1000")
            .WithResourceMapping(Encoding.UTF8.GetBytes("given before\n"), "/etc/given")
            .WithResourceMapping(new DirectoryInfo(folder["tree"]), "/tree/")
            .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("given before")).Build();
        await container.StartAsync(TestContext.Current.CancellationToken);
        await container.CopyAsync(Encoding.UTF8.GetBytes("given after"), "/srv/deep/after", fileMode: UnixFileModes.UserRead | UnixFileModes.UserExecute);
        Assert.Equal("given after", Encoding.UTF8.GetString(await container.ReadFileAsync("/srv/deep/after")));
        Assert.Equal("500 /srv/deep/after\n", (await container.ExecAsync(["stat", "-c", "%a %n", "/srv/deep/after"])).Stdout);
        Assert.Equal("onetwo", (await container.ExecAsync(["cat", "/tree/a", "/tree/below/b"])).Stdout);
        var failed = await container.ExecAsync(["sh", "-c", "echo out; echo err >&2; exit 5"]);
        Assert.Equal(("out\n", "err\n", 5L), (failed.Stdout, failed.Stderr, failed.ExitCode));
    }

    [Fact]
    public async Task Containers_of_a_network_know_each_other_by_alias_and_share_a_volume()
    {
        await using var network = new NetworkBuilder().WithDockerEndpoint(Endpoint).WithName(Name("network")).Build();
        await using var volume = new VolumeBuilder().WithDockerEndpoint(Endpoint).WithName(Name("volume")).Build();
        await network.CreateAsync();
        await volume.CreateAsync();
        await using (var server = Container().WithCommand("sh", "-c", "echo shared >/data/file; " + Server).WithNetwork(network).WithNetworkAliases("page").WithVolumeMount(volume, "/data")
            .WithWaitStrategy(Wait.ForUnixContainer().UntilInternalTcpPortIsAvailable(80)).Build())
        await using (var client = Container().WithCommand("sleep", "1000").WithNetwork(network).WithVolumeMount(volume, "/data", AccessMode.ReadOnly).WithTmpfsMount("/scratch").WithEnvironment("WORD", "given").Build())
        {
            await server.StartAsync();
            await client.StartAsync();
            Assert.Equal("page\n", (await client.ExecAsync(["wget", "-qO-", "http://page/index.html"])).Stdout);
            Assert.Equal("shared\n", (await client.ExecAsync(["cat", "/data/file"])).Stdout);
            Assert.NotEqual(0, (await client.ExecAsync(["touch", "/data/other"])).ExitCode);
            Assert.Equal("given\n", (await client.ExecAsync(["sh", "-c", "touch /scratch/file && echo $WORD"])).Stdout);
        }
        var (networkName, volumeName) = (network.Name, volume.Name);
        await network.DeleteAsync();
        await volume.DeleteAsync();
        Assert.NotEqual(0, (await Docker.RunAsync("volume", "inspect", volumeName)).ExitCode);
        Assert.NotEqual(0, (await Docker.RunAsync("network", "inspect", networkName)).ExitCode);
    }

    [Fact]
    public async Task An_image_is_built_from_a_Dockerfile_run_and_deleted()
    {
        using var folder = new ScratchFolder(("Dockerfile", "FROM busybox:latest\nARG WORD=none\nCOPY text /text\nRUN echo $WORD >>/text\nCMD cat /text && exec sleep 1000\nSTOPSIGNAL SIGKILL\n"), ("text", "copied\n"), ("left.out", "x"), (".dockerignore", "left.out\n"));
        await using var image = new ImageFromDockerfileBuilder().WithDockerEndpoint(Endpoint).WithDockerfileDirectory(folder.Path).WithDockerfile("Dockerfile").WithName($"{Name("built")}:1").WithBuildArgument("WORD", "argument").WithCleanUp(false).Build();
        await image.CreateAsync();
        await using (var container = new ContainerBuilder(image).WithDockerEndpoint(Endpoint).WithName(Name()).WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("argument")).Build())
        {
            await container.StartAsync();
            Assert.Equal("copied\nargument\n", (await container.GetLogsAsync(timestampsEnabled: false)).Stdout);
        }
        var imageName = image.FullName;
        await image.DeleteAsync();
        Assert.NotEqual(0, (await Docker.RunAsync("image", "inspect", imageName)).ExitCode);
    }

    [Fact]
    public async Task What_a_run_has_made_is_removed_by_the_reaper_when_the_run_ends()
    {
        if (!File.Exists(Path.Combine(Repository.Root, "artifacts/bin/yun"))) Assert.Skip("The native programs are not built; run make.");
        using var folder = new ScratchFolder(("Dockerfile", "FROM busybox\nCOPY root /\nENV DOCKER_HOST=unix:///var/run/docker.sock\nENTRYPOINT [\"/yun\", \"system\", \"reaper\", \"--reconnection-timeout\", \"1s\"]\n"));
        (await new Command("sh", "-c", $"mkdir {folder["root"]} && cd {folder["root"]} && cp $0 yun && cp --parents $(ldd $0 | grep -o '/[^ ]*') .", Path.Combine(Repository.Root, "artifacts/bin/yun")).RunAsync()).Succeeded();
        var image = Name("reaper");
        (await Docker.RunAsync("build", "-t", image, folder.Path)).Succeeded();
        TestcontainersSettings.ResourceReaperImage = new DotNet.Testcontainers.Images.DockerImage(image);
        TestcontainersSettings.ResourceReaperEnabled = true;
        try
        {
            var reaper = await ResourceReaper.GetAndStartDefaultAsync(new DockerEndpointAuthenticationConfiguration(new Uri(Endpoint)), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, isWindowsEngineEnabled: false);
            var name = Name();
            var container = new ContainerBuilder("busybox:latest").WithDockerEndpoint(Endpoint).WithName(name).WithCommand("sleep", "1000").Build();
            var volume = new VolumeBuilder().WithDockerEndpoint(Endpoint).WithName(Name("volume")).Build();
            await container.StartAsync();
            await volume.CreateAsync();
            var other = await Docker.TextAsync("run", "-d", "--name", Name("other"), "busybox", "sleep", "1000");
            // As the end of the process would: nothing is disposed of but the connection.
            await reaper.DisposeAsync();
            await Eventually.HoldsAsync(async () => (await Docker.RunAsync("inspect", name)).ExitCode != 0 && (await Docker.RunAsync("volume", "inspect", volume.Name)).ExitCode != 0);
            Assert.Equal("running", await Docker.TextAsync("inspect", "-f", "{{.State.Status}}", other));
        }
        finally
        {
            TestcontainersSettings.ResourceReaperEnabled = false;
        }
    }

    private string Endpoint => $"unix://{Daemon.Socket}";

    private ContainerBuilder Container() => new ContainerBuilder("busybox:latest").WithDockerEndpoint(Endpoint).WithName(Name()).WithCreateParameterModifier(create => create.StopSignal = "SIGKILL");
}
