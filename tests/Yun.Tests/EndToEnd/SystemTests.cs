namespace Yun.Tests.EndToEnd;

/// <summary>version, info, events, system df, prune, and the socket itself.</summary>
public sealed class SystemTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task The_versions_are_negotiated_up_to_1_50_and_down_to_1_24(string client)
    {
        Assert.Equal("1.50 1.24", await Daemon[client].TextAsync("version", "--format", "{{.Server.APIVersion}} {{.Server.MinAPIVersion}}"));
        var old = Docker.Command("ps", "-q");
        old.Environment["DOCKER_API_VERSION"] = "1.24";
        (await old.RunAsync()).Succeeded();
        var tooOld = Docker.Command("ps", "-q");
        tooOld.Environment["DOCKER_API_VERSION"] = "1.20";
        (await tooOld.RunAsync()).FailedSaying("too old");
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Info_tells_of_the_machine(string client)
    {
        var info = await Daemon[client].TextAsync("info", "--format", "{{.OSType}} {{.NCPU}} {{.Driver}} {{.DockerRootDir}}");
        Assert.Equal($"linux {Environment.ProcessorCount} overlay2 {Daemon.DataRoot}", info);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Events_tell_a_container_s_life_in_order(string client)
    {
        var name = Name();
        var since = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 1;
        (await Docker.RunAsync("run", "--rm", "--name", name, "busybox", "true")).Succeeded();
        var events = (await Daemon[client].RunAsync("events", "--since", $"{since}", "--until", $"{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1}",
            "--filter", $"container={name}", "--filter", "type=container", "--format", "{{.Action}}")).Succeeded().Lines;
        Assert.Equal(["create", "attach", "start", "die", "destroy"], events);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task Disk_use_is_told_by_kind(string client)
    {
        var lines = (await Daemon[client].RunAsync("system", "df", "--format", "{{.Type}}")).Succeeded().Lines;
        Assert.Equal(["Images", "Containers", "Local Volumes", "Build Cache"], lines);
    }

    [Fact]
    public void Only_root_and_its_group_may_use_the_socket()
    {
        var mode = File.GetUnixFileMode(Daemon.Socket);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, mode & (UnixFileMode)0x1ff & ~UnixFileMode.UserExecute & ~UnixFileMode.GroupExecute);
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task A_daemon_that_is_not_there_is_named(string client)
    {
        var away = new Client(Daemon[client].Program, "/run/nosuchfolder/yun.sock", Daemon.Folder);
        (await away.RunAsync("ps")).FailedSaying("/run/nosuchfolder/yun.sock");
    }

    [Theory, InlineData("docker"), InlineData("yun")]
    public async Task Prune_removes_what_nothing_uses(string client)
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        await daemon.Docker.TextAsync("run", "-d", "--name", "stays", "busybox", "sleep", "1000");
        (await daemon.Docker.RunAsync("run", "--name", "goes", "busybox", "true")).Succeeded();
        (await daemon.Docker.RunAsync("run", "--rm", "-v", "unused:/x", "busybox", "true")).Succeeded();
        (await daemon.Docker.RunAsync("import", TestTools.BusyboxRoot)).Succeeded();
        (await daemon[client].RunAsync("system", "prune", "-f")).Succeeded();
        Assert.Equal(["stays"], (await daemon.Docker.RunAsync("ps", "-a", "--format", "{{.Names}}")).Lines);
        Assert.Equal(["busybox:latest"], (await daemon.Docker.RunAsync("images", "--format", "{{.Repository}}:{{.Tag}}")).Lines);
        (await daemon[client].RunAsync("volume", "prune", "-af")).Succeeded();
        Assert.Empty((await daemon.Docker.RunAsync("volume", "ls", "-q")).Lines);
    }
}
