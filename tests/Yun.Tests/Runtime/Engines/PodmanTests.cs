using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Engines;

public sealed class PodmanTests : IAsyncLifetime
{
    // Podman raises these limits further than a root without CAP_SYS_RESOURCE may.
    private static readonly string[] s_options = ["--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"];
    private readonly EngineFolder _engine = new();

    public ValueTask InitializeAsync()
    {
        _engine.Write("containers.conf", $"""
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            conmon_path = ["{_engine.Programs}/conmon"]
            [containers]
            log_driver = "k8s-file"
            default_sysctls = []
            """);
        _engine.Write("storage.conf", $"""
            [storage]
            driver = "vfs"
            runroot = "{_engine["run"]}"
            graphroot = "{_engine["graph"]}"
            """);
        (_engine.Variables["CONTAINERS_CONF"], _engine.Variables["CONTAINERS_STORAGE_CONF"]) = (_engine["containers.conf"], _engine["storage.conf"]);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await PodmanAsync("rm", "--force", "--all", "--time", "0");
        _engine.Dispose();
    }

    private Task<CommandResult> PodmanAsync(params string[] arguments) =>
        _engine.Command("podman", ["--runtime", TestTools.Runtime, "--tmpdir", _engine["tmp"], "--network-config-dir", _engine["net"], .. arguments]).RunAsync();

    private Task<CommandResult> RunAsync(string[] options, params string[] command) => PodmanAsync(["run", .. s_options, "--cgroup-parent", "/" + _engine.Group, .. options, "--rootfs", _engine.Root, .. command]);

    [Fact]
    public async Task It_runs_containers_and_sees_their_exit_codes_and_errors()
    {
        var result = await RunAsync(["--rm"], "sh", "-c", "id -u; grep Seccomp: /proc/self/status | tr '\\t' ' '; exit 5");
        Assert.Equal(["0", "Seccomp: 2"], result.EndedWith(5).Lines);
        (await RunAsync(["--rm"], "/no/such/program")).EndedWith(127).FailedSaying("/no/such/program");
        (await RunAsync(["--rm", "--sysctl", "kernel.core_pattern=x"], "true")).FailedSaying("core_pattern");
        Assert.Contains("/dev/pts/0", (await RunAsync(["--rm", "-t"], "tty")).Succeeded().Output);
    }

    [Fact]
    public async Task A_container_is_joined_paused_stopped_and_started_again()
    {
        (await RunAsync(["-d", "--name", "one", "--tmpfs", "/run", "--memory", "64m", "--pids-limit", "20"], "sh", "-c", "trap 'exit 3' TERM; while true; do sleep 0.1; done")).Succeeded();
        Assert.Equal("sh", (await PodmanAsync("exec", "one", "cat", "/proc/1/comm")).Succeeded().Text);
        Assert.Contains("/dev/pts/", (await PodmanAsync("exec", "-t", "one", "tty")).Succeeded().Text);
        (await PodmanAsync("exec", "one", "sh", "-c", "exit 9")).EndedWith(9);
        (await PodmanAsync("pause", "one")).Succeeded();
        Assert.Equal("paused", (await PodmanAsync("inspect", "--format", "{{.State.Status}}", "one")).Succeeded().Text);
        (await PodmanAsync("unpause", "one")).Succeeded();
        Assert.Contains("67.11MB", (await PodmanAsync("stats", "--no-stream", "one")).Succeeded().Output);
        (await PodmanAsync("stop", "--time", "10", "one")).Succeeded();
        Assert.Equal("3", (await PodmanAsync("inspect", "--format", "{{.State.ExitCode}}", "one")).Succeeded().Text);
        (await PodmanAsync("start", "one")).Succeeded();
        (await PodmanAsync("kill", "one")).Succeeded();
        (await PodmanAsync("rm", "--force", "one")).Succeeded();
    }

    [Fact]
    public async Task A_container_is_checkpointed_and_restored()
    {
        Directory.CreateDirectory(_engine["bin"]);
        File.CreateSymbolicLink(_engine["bin/criu"], TestTools.Criu);
        (await RunAsync(["-d", "--name", "one"], "sh", "-c", "i=0; while true; do i=$((i+1)); echo $i; sleep 0.05; done")).Succeeded();
        await Eventually.HoldsAsync(async () => (await PodmanAsync("logs", "one")).Output.Contains("5\n"));
        (await PodmanAsync("container", "checkpoint", "one")).Succeeded();
        Assert.Equal("exited", (await PodmanAsync("inspect", "--format", "{{.State.Status}}", "one")).Succeeded().Text);
        (await PodmanAsync("container", "restore", "one")).Succeeded();
        var before = (await PodmanAsync("logs", "one")).Succeeded().Lines.Length;
        await Eventually.HoldsAsync(async () => (await PodmanAsync("logs", "one")).Lines.Length > before);
        var lines = (await PodmanAsync("logs", "one")).Succeeded().Lines;
        Assert.Equal(Enumerable.Range(1, lines.Length), lines.Select(int.Parse));
    }

    [Fact]
    public async Task A_user_namespace_is_as_asked()
    {
        File.SetUnixFileMode(_engine[""], (UnixFileMode)0x1ed);
        (await new Command("/bin/chown", "-R", "100000:200000", _engine.Root).RunAsync()).Succeeded();
        var result = await RunAsync(["--rm", "--uidmap", "0:100000:1000", "--uidmap", "1000:300000:10", "--gidmap", "0:200000:5000"], "sh", "-c", "tr -s ' ' </proc/self/uid_map; id -u");
        Assert.Equal(["0 100000 1000", "1000 300000 10", "0"], result.Succeeded().Lines);
    }
}
