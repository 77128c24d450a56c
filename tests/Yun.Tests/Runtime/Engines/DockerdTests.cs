using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Engines;

public sealed class DockerdTests : IAsyncLifetime
{
    private readonly EngineFolder _engine = new();

    public async ValueTask InitializeAsync()
    {
        // dockerd does not start without a runc; here it is ours by that name.
        Directory.CreateDirectory(_engine["bin"]);
        File.CreateSymbolicLink(_engine["bin/runc"], TestTools.Runtime);
        await Containerd.StartAsync(_engine);
        _engine.StartDaemon("dockerd", "--data-root", _engine["data"], "--exec-root", _engine["exec"], "--host", $"unix://{_engine["docker.sock"]}", "--pidfile", _engine["docker.pid"], "--containerd", _engine["containerd.sock"],
            "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--storage-driver", "vfs", "--add-runtime", $"yun={TestTools.Runtime}", "--default-ulimit", "nofile=1024:1024", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + _engine.Group);
        await Eventually.HoldsAsync(async () => (await DockerAsync("version")).ExitCode == 0);
        (await DockerAsync("import", TestTools.BusyboxRoot, "busybox")).Succeeded();
    }

    public async ValueTask DisposeAsync()
    {
        await DockerAsync("rm", "--force", "one");
        _engine.Dispose();
    }

    private Task<CommandResult> DockerAsync(params string[] arguments) => _engine.Command("docker", ["--host", $"unix://{_engine["docker.sock"]}", .. arguments]).RunAsync();

    private Task<CommandResult> RunAsync(string[] options, params string[] command) => DockerAsync(["run", "--runtime", "yun", "--network", "none", .. options, "busybox", .. command]);

    [Fact]
    public async Task Docker_run_with_this_runtime_works_and_shows_its_errors()
    {
        var result = await RunAsync(["--rm", "--user", "5:6", "--tmpfs", "/t"], "sh", "-c", "id -u; id -g; grep Seccomp: /proc/self/status | tr '\\t' ' '; exit 3");
        Assert.Equal(["5", "6", "Seccomp: 2"], result.EndedWith(3).Lines);
        (await RunAsync(["--rm"], "/no/such/program")).EndedWith(127).FailedSaying("exec: \"/no/such/program\": stat /no/such/program: no such file or directory");
        (await RunAsync(["-d", "--name", "one", "--memory", "64m"], "sleep", "1000")).Succeeded();
        Assert.Equal("sleep", (await DockerAsync("exec", "one", "cat", "/proc/1/comm")).Succeeded().Text);
        (await DockerAsync("update", "--memory", "80m", "--memory-swap", "160m", "one")).Succeeded();
        Assert.Contains("80MiB", (await DockerAsync("stats", "--no-stream", "one")).Succeeded().Output);
        (await DockerAsync("pause", "one")).Succeeded();
        (await DockerAsync("unpause", "one")).Succeeded();
        Assert.Contains("sleep 1000", (await DockerAsync("top", "one")).Succeeded().Output);
        (await DockerAsync("stop", "--time", "0", "one")).Succeeded();
        Assert.Equal("137", (await DockerAsync("inspect", "--format", "{{.State.ExitCode}}", "one")).Succeeded().Text);
    }
}
