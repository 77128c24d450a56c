using Yun.Linux;

namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>Daemons that give containers user namespaces: by their default profile, and by dockerd's <c>userns-remap</c>.</summary>
public sealed class UserIdTests
{
    private const string Two = "1610612736:131072";
    private static readonly string[] s_strict = ["--network", "none", "--security-opt", "profile=strict"];

    private static async Task<string> MapAsync(Client docker, params string[] options) =>
        string.Join(' ', (await docker.TextAsync(["run", "--rm", "--network", "none", .. options, "busybox", "cat", "/proc/self/uid_map"])).Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public async Task Ids_are_given_again_only_when_their_container_is_gone_whenever_the_daemon_dies()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync("--userns-range", Two, "--default-profile", "strict");
        var docker = daemon.Docker;
        string First(string name) => File.ReadAllText($"/proc/{docker.TextAsync("inspect", "--format", "{{.State.Pid}}", name).Result}/uid_map").Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        await docker.TextAsync("run", "-d", "--name", "one", "--network", "none", "busybox", "sh", "-c", "touch /mine; exec sleep 1000");
        await docker.TextAsync("create", "--name", "two", "--network", "none", "busybox", "sleep", "1000");
        var ids = First("one");
        for (var time = 0; time < 2; time++)
        {
            (await docker.RunAsync("run", "--rm", "--network", "none", "busybox", "true")).FailedSaying("All user ids for containers of the profile strict are taken: 1610612736:131072 is 2 times 65536.");
            Assert.Equal("0 0 4294967295", await MapAsync(docker, "--userns", "host"));
            if (time == 0) await daemon.KillAsync();
            if (time == 0) await daemon.StartAgainAsync();
        }
        // It ran on meanwhile, and goes on with what it has.
        Assert.Equal("0", await docker.TextAsync("exec", "one", "stat", "-c", "%u", "/mine"));
        (await docker.RunAsync("restart", "-t", "0", "one")).Succeeded();
        Assert.Equal(ids, First("one"));
        await docker.TextAsync("start", "two");
        Assert.NotEqual(ids, First("two"));
        // A build's step is a container of the daemon's profile too, and leaves what any other would.
        await docker.TextAsync("rm", "-f", "two");
        using var context = new ScratchFolder(("Dockerfile", "FROM busybox\nRUN cat /proc/self/uid_map > /map && mkdir /made && chown 7:8 /made\n"));
        (await docker.RunAsync("build", "-t", "built", context.Path)).Succeeded();
        await docker.TextAsync("rm", "-f", "one");
        var lines = (await docker.RunAsync("run", "--rm", "--network", "none", "--userns", "host", "built", "sh", "-c", "cat /map; stat -c %u:%g /map /made")).Succeeded().Lines;
        Assert.Equal(["0", "65536"], [.. lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Where((_, place) => place != 1)]);
        Assert.Equal(["0:0", "7:8"], lines[1..]);
    }

    [Fact]
    public async Task A_remapped_daemon_puts_all_in_one_user_namespace_s_ids_and_refuses_what_dockerd_does()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync("--userns-remap", "default", "--userns-range", Two);
        var docker = daemon.Docker;
        Assert.Contains("name=userns", await docker.TextAsync("info", "--format", "{{.SecurityOptions}}"), StringComparison.Ordinal);
        Assert.Equal(["0 1610612736 65536", "0 1610612736 65536", "0 0 4294967295"], [await MapAsync(docker), await MapAsync(docker), await MapAsync(docker, "--userns", "host", "--privileged")]);
        // A container of the profile strict has its own all the same, of what is left.
        Assert.Equal("0 1610678272 65536", await MapAsync(docker, s_strict[2..]));
        (await docker.RunAsync("run", "--rm", "--privileged", "busybox", "true")).FailedSaying("privileged mode is incompatible with user namespaces");
        (await docker.RunAsync("run", "--rm", "--network", "host", "busybox", "true")).FailedSaying("cannot share the host's network namespace when user namespaces are enabled");
        (await docker.RunAsync("run", "--rm", "--pid", "host", "busybox", "true")).FailedSaying("cannot share the host PID namespace when user namespaces are enabled");
        // Folders of the machine are as they are there, as with dockerd; volumes are the container's.
        using var folder = new ScratchFolder(("a.txt", "alpha"));
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0x1ed);
        Assert.Equal(["65534", "0", "0"], (await docker.RunAsync("run", "--rm", "-v", $"{folder.Path}:/bind", "-v", "kept:/volume", "busybox", "sh", "-c", "touch /volume/a /b; stat -c %u /bind/a.txt /volume/a /b")).Succeeded().Lines);
        await docker.TextAsync("volume", "rm", "kept");
    }

    [Theory]
    [InlineData("--userns-remap", "nobodyhere", "there is no user nobodyhere")]
    [InlineData("--userns-remap", "root:nogrouphere", "there is no group nogrouphere")]
    [InlineData("--userns-remap", "daemon", "no subuid ranges found for user \"daemon\" in /etc/subuid")]
    [InlineData("--userns-range", "1000:100", "it must be START:COUNT with at least 65536 ids")]
    public async Task What_names_nobody_is_refused(string option, string value, string message)
    {
        if (!File.Exists(TestTools.Yun)) Assert.Skip("The native programs are not built; run make.");
        (await new Command(TestTools.Yun, "daemon", "--validate", option, value).RunAsync()).EndedWith(1).FailedSaying(message);
    }
}
