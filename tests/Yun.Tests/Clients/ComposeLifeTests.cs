using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

public sealed class ComposeLifeTests(DaemonFixture fixture) : ComposeTest(fixture)
{
    [Theory, MemberData(nameof(Generations))]
    public async Task Networks_have_the_addresses_and_aliases_of_the_file_and_keep_to_themselves(string generation)
    {
        var project = Project(generation, "networks.yml");
        project.Variables["SUBNET"] = $"10.231.{Random.Shared.Next(256)}";
        await project.TextAsync("up", "-d");
        var address = $"{project.Variables["SUBNET"]}.20";
        Assert.Contains(address, await project.ExecAsync("front", "nslookup", "-type=a", "api.example"));
        Assert.Contains(address, await project.ExecAsync("front", "nslookup", "-type=a", "middle"));
        Assert.Contains("02:42:0a:0b:0c:0d", await project.ExecAsync("middle", "ip", "link"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Address", await project.ExecAsync("back", "nslookup", "-type=a", "hidden-api"));
        Assert.NotEqual(0, (await project.RunAsync("exec", "-T", "back", "nslookup", "-type=a", "front")).ExitCode);
        Assert.NotEqual(0, (await project.RunAsync("exec", "-T", "back", "ping", "-c1", "-W1", $"{project.Variables["SUBNET"]}.10")).ExitCode);
        var before = await Docker.TextAsync("inspect", "-f", "{{.Id}}", project.Container("middle"));
        await project.TextAsync("up", "-d");
        Assert.Equal(before, await Docker.TextAsync("inspect", "-f", "{{.Id}}", project.Container("middle")));
        await project.TextAsync("restart", "-t", "0");
        Assert.Contains(address, await project.ExecAsync("front", "nslookup", "-type=a", "api"));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task Restart_policies_of_the_file_are_kept(string generation)
    {
        var project = Project(generation, "restart.yml");
        await project.TextAsync("up", "-d");
        await Eventually.HoldsAsync(async () => await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", project.Container("failing")) == "exited 2");
        await Eventually.HoldsAsync(async () => int.Parse(await Docker.TextAsync("inspect", "-f", "{{.RestartCount}}", project.Container("always"))) >= 2);
        Assert.Equal("exited 0", await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", project.Container("once")));
        Assert.Equal("running 0", await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", project.Container("kept")));
        await project.TextAsync("stop", "-t", "0");
        Assert.Equal("", await Docker.TextAsync("ps", "-q", "--filter", $"label=com.docker.compose.project={project.Name}"));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task Volumes_outlive_containers_that_are_made_anew_and_go_when_asked(string generation)
    {
        var project = Shop(generation);
        await project.TextAsync("up", "-d");
        await Eventually.HoldsAsync(async () => (await project.RunAsync("exec", "-T", "reader", "cat", "/data/word")).Output == "stored\n");
        await project.ExecAsync("page", "sh", "-c", "echo kept >/data/mine; echo anonymous >/anonymous/mine");
        // Compose 2 lets go of the `ro` itself.
        if (generation == "1")
            Assert.NotEqual(0, (await project.RunAsync("exec", "-T", "reader", "touch", "/data/other")).ExitCode);
        var before = await Docker.TextAsync("inspect", "-f", "{{.Id}}", project.Container("page"));
        await project.TextAsync("up", "-d", "--force-recreate", "-t", "0");
        Assert.NotEqual(before, await Docker.TextAsync("inspect", "-f", "{{.Id}}", project.Container("page")));
        Assert.Equal("kept\nanonymous\na file", await project.ExecAsync("page", "cat", "/data/mine", "/anonymous/mine", "/files/text"));
        Assert.Contains("kept", await Docker.TextAsync("volume", "inspect", "-f", "{{.Labels}}", $"{project.Name}_data"));
        await project.TextAsync("down", "-t", "0");
        Assert.Equal($"{project.Name}_data", await Docker.TextAsync("volume", "ls", "-q", "--filter", $"name={project.Name}"));
        await project.TextAsync("down", "-v");
        Assert.Equal("", await LeftOfAsync(project));
        Assert.Equal("", await Docker.TextAsync("volume", "ls", "-q", "--filter", $"name={project.Name}"));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task A_project_is_looked_at_paused_stopped_started_killed_and_removed(string generation)
    {
        var project = Shop(generation);
        await project.TextAsync("up", "-d");
        var environment = await project.ExecAsync("page", "env");
        Assert.Contains("COLOUR=red", environment);
        Assert.Contains("FROM_FILE=yes", environment);
        Assert.Contains("sleep 1000", await project.TextAsync("top"));
        Assert.Contains("busybox", await project.TextAsync("images"));
        Assert.Contains("page", await project.TextAsync("ps", "--services"));
        await project.TextAsync("pause", "page");
        Assert.Equal("paused", await Docker.TextAsync("inspect", "-f", "{{.State.Status}}", project.Container("page")));
        await project.TextAsync("unpause", "page");
        await project.TextAsync("stop", "-t", "0", "page");
        Assert.Equal("exited", await Docker.TextAsync("inspect", "-f", "{{.State.Status}}", project.Container("page")));
        await project.TextAsync("start", "page");
        await project.TextAsync("kill");
        Assert.Equal("exited 137", await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", project.Container("page")));
        await project.TextAsync("rm", "-fv");
        Assert.Equal("", await Docker.TextAsync("ps", "-aq", "--filter", $"label=com.docker.compose.project={project.Name}"));
    }

    [Theory, MemberData(nameof(Generations))]
    public async Task Every_limit_of_the_file_holds_in_the_container(string generation)
    {
        var project = Project(generation, "limits.yml");
        project.Variables["PORT"] = $"{LoopbackPort.Free()}";
        await project.TextAsync("up", "-d");
        const string look = "id -u; id -G; pwd; hostname; hostname -f; ulimit -u; cat /proc/1/oom_score_adj; df /dev/shm | sed -n '2s/ .*//p'; touch /x 2>&1; grep -E 'CapBnd|NoNewPrivs' /proc/self/status; grep elsewhere /etc/hosts; grep search /etc/resolv.conf; cat /proc/sys/net/ipv4/ip_unprivileged_port_start";
        var seen = await project.ExecAsync("page", "sh", "-c", look);
        Assert.Equal("1000\n50 7\n/tmp\nshop\nshop.example.org\n100\n100\nnone\ntouch: /x: Read-only file system\nCapBnd:\t0000000000000400\nNoNewPrivs:\t1\n10.9.8.7\telsewhere\nsearch search.example\n0",
            seen.Replace("7 50", "50 7", StringComparison.Ordinal).Replace("shm", "none", StringComparison.Ordinal));
        Assert.Equal($"127.0.0.1:{project.Variables["PORT"]}", await project.TextAsync("port", "page", "80"));
        Assert.Equal("67108864 500000000 50 [a=b]", await Docker.TextAsync("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} [a={{.Config.Labels.a}}]", project.Container("page")));
    }

    private ComposeProject Shop(string generation)
    {
        var project = Project(generation, "shop.yml");
        project.Variables["COLOUR"] = "red";
        File.WriteAllText(Path.Combine(project.Folder, "shop.env"), "FROM_FILE=yes\n");
        Directory.CreateDirectory(Path.Combine(project.Folder, "files"));
        File.WriteAllText(Path.Combine(project.Folder, "files", "text"), "a file\n");
        return project;
    }
}
