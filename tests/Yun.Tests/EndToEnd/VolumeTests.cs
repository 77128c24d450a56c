namespace Yun.Tests.EndToEnd;

public sealed class VolumeTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task A_volume_outlives_its_containers(string client)
    {
        var volume = Name("volume");
        Assert.Equal(volume, await Daemon[client].TextAsync("volume", "create", volume));
        (await Daemon[client].RunAsync("run", "--rm", "-v", $"{volume}:/data", "busybox", "sh", "-c", "echo kept > /data/a")).Succeeded();
        Assert.Equal("kept", await Daemon[client].TextAsync("run", "--rm", "--mount", $"type=volume,src={volume},dst=/data,readonly", "busybox", "cat", "/data/a"));
        Assert.Contains(volume, (await Daemon[client].RunAsync("volume", "ls", "-q")).Succeeded().Lines);
        Assert.Equal("local", await Daemon[client].TextAsync("volume", "inspect", "-f", "{{.Driver}}", volume));
        Assert.Equal(volume, await Daemon[client].TextAsync("volume", "rm", volume));
        (await Daemon[client].RunAsync("volume", "inspect", volume)).EndedWith(1).FailedSaying("no such volume");
    }

    [Fact]
    public async Task A_new_volume_begins_with_what_the_image_has_there()
    {
        var image = Name("image");
        var files = Folder(("Dockerfile", "FROM busybox\nRUN mkdir /data && echo first > /data/a && chown -R 12:34 /data\nVOLUME /data\n"));
        (await Docker.RunAsync("build", "-q", "-t", image, files.Path)).Succeeded();
        var volume = Name("volume");
        Assert.Equal("first", await Docker.TextAsync("run", "--rm", "-v", $"{volume}:/data", image, "cat", "/data/a"));
        Assert.Equal("12:34", await Docker.TextAsync("run", "--rm", "-v", $"{volume}:/other", "busybox", "stat", "-c", "%u:%g", "/other"));
    }

    [Fact]
    public async Task An_anonymous_volume_goes_with_its_container()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "-v", "/data", "busybox", "sleep", "1000");
        var volume = await Docker.TextAsync("inspect", "-f", "{{(index .Mounts 0).Name}}", name);
        Assert.Contains(volume, (await Docker.RunAsync("volume", "ls", "-q")).Lines);
        (await Docker.RunAsync("volume", "rm", volume)).FailedSaying("in use");
        await Docker.TextAsync("rm", "-fv", name);
        Assert.DoesNotContain(volume, (await Docker.RunAsync("volume", "ls", "-q")).Lines);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_folder_of_the_host_is_bound(string client)
    {
        var files = Folder(("a", "alpha\n"));
        Assert.Equal("alpha", await Daemon[client].TextAsync("run", "--rm", "-v", $"{files.Path}:/host", "busybox", "sh", "-c", "cat /host/a; echo b > /host/b"));
        Assert.Equal("b\n", files.Read("b"));
        var refused = await Daemon[client].RunAsync("run", "--rm", "--mount", $"type=bind,src={files.Path},dst=/host,readonly", "busybox", "touch", "/host/c");
        Assert.Contains("Read-only file system", refused.EndedWith(1).Error);
        (await Daemon[client].RunAsync("run", "--rm", "--mount", $"type=bind,src={files.Path}/nosuch,dst=/host", "busybox", "true")).EndedWith(125).FailedSaying("bind source path does not exist");
    }

    [Fact]
    public async Task A_tmpfs_mount_has_its_size_and_mode() =>
        Assert.Equal(["1024", "1777"], (await Docker.RunAsync("run", "--rm", "--mount", "type=tmpfs,dst=/scratch,tmpfs-size=1m,tmpfs-mode=1777", "busybox", "sh", "-c",
            "df -k /scratch | tail -n 1 | awk '{print $2}'; stat -c %a /scratch")).Succeeded().Lines);
}
