using Yun.Tests.EndToEnd.Profiles;

namespace Yun.Tests.EndToEnd;

/// <summary>What a real dockerd of the distribution has left is taken over.</summary>
public sealed class ImportDockerTests
{
    [Fact]
    public async Task Images_volumes_and_definitions_of_containers_of_a_Docker_data_root_are_taken_over()
    {
        using var dockerd = new RealDockerd();
        var docker = await dockerd.StartedAsync();
        using var files = new ScratchFolder(("Dockerfile", "FROM busybox\nRUN mkdir -p /deep/er && echo layer > /deep/er/file && ln -s /deep/er /way\nRUN rm /etc/group\nCOPY a.txt /way/\n"), ("a.txt", "copied"));
        (await docker.RunAsync("build", "-t", "shop:v1", files.Path)).Succeeded();
        var id = await docker.TextAsync("inspect", "-f", "{{.Id}}", "shop:v1");
        await docker.TextAsync("volume", "create", "stock");
        (await docker.RunAsync("run", "--rm", "--net", "none", "-v", "stock:/stock", "busybox", "sh", "-c", "echo apples > /stock/list; chown 7:8 /stock/list")).Succeeded();
        await docker.TextAsync("create", "--name", "till", "--restart", "on-failure:3", "-e", "COLOUR=blue", "-v", "stock:/stock", "-v", "/own", "-p", "127.0.0.1:8097:80", "--hostname", "front", "shop:v1", "sh", "-c", "cat /deep/er/file /deep/er/a.txt /stock/list; echo $COLOUR; hostname; ls -n /stock");
        var own = await docker.TextAsync("inspect", "-f", "{{range .Mounts}}{{if eq .Destination \"/own\"}}{{.Name}}{{end}}{{end}}", "till");

        await using var daemon = await Daemon.StartAsync();
        var said = (await daemon.Yun.RunAsync("import-docker", dockerd.DataRoot)).Succeeded().Output;
        Assert.Contains("container till: made", said);
        Assert.Equal(id, await daemon.Docker.TextAsync("inspect", "-f", "{{.Id}}", "shop:v1"));
        Assert.Equal(["layer", "copiedapples", "blue", "front"], (await daemon.Docker.RunAsync("start", "-a", "till")).Succeeded().Lines[..4]);
        Assert.Contains(" 7 ", await daemon.Docker.TextAsync("logs", "till"));
        Assert.Equal("on-failure 3", await daemon.Docker.TextAsync("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}", "till"));
        Assert.Contains(own, await daemon.Docker.TextAsync("inspect", "-f", "{{range .Mounts}}{{.Name}} {{end}}", "till"));
        Assert.Contains("is here already", (await daemon.Yun.RunAsync("import-docker", dockerd.DataRoot)).Succeeded().Output);
        (await daemon.Yun.RunAsync("import-docker", files.Path)).FailedSaying("is no data root of dockerd");
        await daemon.Docker.TextAsync("rm", "-fv", "till");
    }
}
