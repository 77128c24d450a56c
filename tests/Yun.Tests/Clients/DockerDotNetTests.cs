using Docker.DotNet;
using Docker.DotNet.Models;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

/// <summary>Docker.DotNet, in the edition that is looked after today and that Testcontainers stands on.</summary>
public sealed class DockerDotNetTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Fact]
    public async Task A_container_is_made_started_listed_looked_at_waited_for_and_removed()
    {
        using var docker = Connect();
        var name = Name();
        var made = await docker.Containers.CreateContainerAsync(new CreateContainerParameters
        {
            Name = name, Image = "busybox", Cmd = ["sh", "-c", "echo said; exit 4"], Labels = new Dictionary<string, string> { ["made"] = "here" },
            HostConfig = new HostConfig { Memory = 64 << 20, NetworkMode = "none" },
        });
        Assert.True(await docker.Containers.StartContainerAsync(made.ID, new ContainerStartParameters()));
        Assert.Equal(4, (await docker.Containers.WaitContainerAsync(made.ID)).StatusCode);
        var listed = await docker.Containers.ListContainersAsync(new ContainersListParameters { All = true, Filters = new Dictionary<string, IDictionary<string, bool>> { ["name"] = new Dictionary<string, bool> { [name] = true } } });
        Assert.Equal(made.ID, Assert.Single(listed).ID);
        var seen = await docker.Containers.InspectContainerAsync(made.ID);
        Assert.Equal((4L, 64L << 20, "here"), (seen.State!.ExitCode, seen.HostConfig!.Memory, seen.Config!.Labels["made"]));
        var log = await (await docker.Containers.GetContainerLogsAsync(made.ID, new ContainerLogsParameters { ShowStdout = true, ShowStderr = true })).ReadOutputToEndAsync(default);
        Assert.Equal("said\n", log.stdout);
        await docker.Containers.RemoveContainerAsync(made.ID, new ContainerRemoveParameters { RemoveVolumes = true });
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await Assert.ThrowsAnyAsync<DockerApiException>(() => docker.Containers.InspectContainerAsync(made.ID))).StatusCode);
    }

    [Fact]
    public async Task The_machine_and_what_is_on_it_are_listed()
    {
        using var docker = Connect();
        Assert.Equal("linux", (await docker.System.GetVersionAsync()).Os);
        Assert.Contains("busybox:latest", (await docker.Images.ListImagesAsync(new ImagesListParameters())).SelectMany(image => image.RepoTags ?? []));
        Assert.True((await docker.System.GetSystemInfoAsync()).NCPU > 0);
        Assert.Contains(await docker.Networks.ListNetworksAsync(), network => network.Name == "bridge");
        Assert.NotNull((await docker.Volumes.ListAsync(new VolumesListParameters())).Volumes);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await Assert.ThrowsAnyAsync<DockerApiException>(() => docker.Swarm.ListServicesAsync())).StatusCode);
        Assert.Empty(await docker.Plugin.ListPluginsAsync(new PluginListParameters()));
    }

    private DockerClient Connect() => (DockerClient)new DockerClientBuilder().WithEndpoint(new Uri($"unix://{Daemon.Socket}")).Build();
}
