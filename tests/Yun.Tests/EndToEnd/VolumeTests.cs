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

    [Theory, MemberData(nameof(Clients))]
    public async Task A_volume_with_a_size_is_empty_at_first_and_holds_no_more(string client)
    {
        if (!File.Exists("/dev/loop-control")) Assert.Skip("There are no loop devices.");
        var volume = Name("volume");
        (await Daemon[client].RunAsync("volume", "create", "--opt", "size=8m", volume)).Succeeded();
        Assert.Equal("0", await Docker.TextAsync("run", "--rm", "-v", $"{volume}:/data", "busybox", "sh", "-c", "ls -A /data | wc -l"));
        (await Docker.RunAsync("run", "--rm", "-v", $"{volume}:/data", "busybox", "sh", "-c", "echo kept > /data/a; dd if=/dev/zero of=/data/b bs=1M count=20")).EndedWith(1).FailedSaying("No space left on device");
        Assert.Equal("kept", await Docker.TextAsync("run", "--rm", "-v", $"{volume}:/data", "busybox", "cat", "/data/a"));
        await Docker.TextAsync("volume", "rm", volume);
        await Eventually.HoldsAsync(async () => !(await new Command("losetup", "-l", "-O", "BACK-FILE").RunAsync()).Output.Contains(volume, StringComparison.Ordinal));
        (await Daemon[client].RunAsync("volume", "create", "--opt", "size=tiny", volume)).EndedWith(1).FailedSaying("invalid size: 'tiny'");
        (await Daemon[client].RunAsync("volume", "create", "--opt", "size=8m", "--opt", "type=tmpfs", volume)).EndedWith(1).FailedSaying("cannot be used together with other options");
    }

    [Fact]
    public async Task A_file_with_a_file_system_in_it_is_mounted()
    {
        if (!File.Exists("/dev/loop-control")) Assert.Skip("There are no loop devices.");
        var files = Folder();
        (await new Command("truncate", "-s", "8M", files["disk"]).RunAsync()).Succeeded();
        (await new Command("/sbin/mkfs.ext4", "-q", files["disk"]).RunAsync()).Succeeded();
        var volume = Name("volume");
        await Docker.TextAsync("volume", "create", "--opt", "type=ext4", "--opt", $"device={files["disk"]}", "--opt", "o=noatime", volume);
        await Docker.TextAsync("run", "--rm", "-v", $"{volume}:/data", "busybox", "sh", "-c", "echo kept > /data/a");
        Assert.Equal("kept", await Docker.TextAsync("run", "--rm", "-v", $"{volume}:/data", "busybox", "cat", "/data/a"));
    }

    [Fact]
    public async Task A_volume_is_saved_and_loaded_again_with_owners_modes_and_links()
    {
        var (volume, copy) = (Name("volume"), Name("volume"));
        var files = Folder();
        await Docker.TextAsync("run", "--rm", "-v", $"{volume}:/data", "busybox", "sh", "-c", "mkdir /data/d; echo text > /data/d/a; chmod 640 /data/d/a; chown 12:34 /data/d/a; ln /data/d/a /data/b; ln -s d/a /data/c");
        (await Daemon.Yun.RunAsync("volume", "save", "-o", files["backup.tar"], volume)).Succeeded();
        (await Daemon.Yun.RunAsync("volume", "load", "-i", files["backup.tar"], copy)).Succeeded();
        Assert.Equal(["text", "640 12:34 2", "d/a"], (await Docker.RunAsync("run", "--rm", "-v", $"{copy}:/data", "busybox", "sh", "-c", "cat /data/c; stat -c '%a %u:%g %h' /data/b; readlink /data/c")).Succeeded().Lines);
        (await Daemon.Yun.RunAsync("volume", "load", "-i", files["backup.tar"], copy)).EndedWith(1).FailedSaying($"The volume {copy} is not empty");
        files.Write("bad.tar", new string('x', 2000));
        var none = Name("volume");
        (await Daemon.Yun.RunAsync("volume", "load", "-i", files["bad.tar"], none)).EndedWith(1).FailedSaying("The archive is refused");
        Assert.DoesNotContain(none, (await Docker.RunAsync("volume", "ls", "-q")).Lines);
    }

    [Fact]
    public async Task A_tmpfs_mount_has_its_size_and_mode() =>
        Assert.Equal(["1024", "1777"], (await Docker.RunAsync("run", "--rm", "--mount", "type=tmpfs,dst=/scratch,tmpfs-size=1m,tmpfs-mode=1777", "busybox", "sh", "-c",
            "df -k /scratch | tail -n 1 | awk '{print $2}'; stat -c %a /scratch")).Succeeded().Lines);
}
