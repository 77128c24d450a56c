using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Engines;

public sealed class ContainerdTests : IAsyncLifetime
{
    private readonly EngineFolder _engine = new();

    public async ValueTask InitializeAsync()
    {
        await Containerd.StartAsync(_engine);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var id in (string[])["one", "two"])
        {
            await ControlAsync("tasks", "delete", "--force", id);
            await ControlAsync("containers", "rm", id);
        }
        _engine.Dispose();
    }

    private Task<CommandResult> ControlAsync(params string[] arguments) => _engine.Command("ctr", ["--address", _engine["containerd.sock"], "--namespace", _engine.Group, .. arguments]).RunAsync();

    private Task<CommandResult> RunAsync(string[] options, string id, params string[] command) => ControlAsync(["run", "--runc-binary", TestTools.Runtime, "--rootfs", .. options, _engine.Root, id, .. command]);

    [Fact]
    public async Task It_runs_containers_and_sees_their_exit_codes_and_errors()
    {
        Assert.Equal("0", (await RunAsync(["--rm"], "one", "sh", "-c", "id -u; exit 4")).EndedWith(4).Text);
        (await RunAsync(["--rm"], "two", "/no/such/program")).FailedSaying("exec: \"/no/such/program\": stat /no/such/program: no such file or directory");
    }

    [Fact]
    public async Task A_task_is_joined_paused_measured_and_killed()
    {
        (await RunAsync(["-d"], "one", "sleep", "1000")).Succeeded();
        Assert.Equal("sleep", (await ControlAsync("tasks", "exec", "--exec-id", "e", "one", "cat", "/proc/1/comm")).Succeeded().Text);
        (await ControlAsync("tasks", "pause", "one")).Succeeded();
        Assert.Contains("PAUSED", (await ControlAsync("tasks", "ls")).Succeeded().Output);
        (await ControlAsync("tasks", "resume", "one")).Succeeded();
        Assert.Contains("memory.usage_in_bytes", (await ControlAsync("tasks", "metrics", "one")).Succeeded().Output);
        Assert.Equal(2, (await ControlAsync("tasks", "ps", "one")).Succeeded().Lines.Length);
        (await ControlAsync("tasks", "kill", "--signal", "9", "one")).Succeeded();
        await Eventually.HoldsAsync(async () => (await ControlAsync("tasks", "ls")).Output.Contains("STOPPED", StringComparison.Ordinal));
    }
}

internal static class Containerd
{
    public static async Task StartAsync(EngineFolder engine)
    {
        engine.Write("containerd.toml", $"""
            version = 2
            root = "{engine["containerd-root"]}"
            state = "{engine["containerd-state"]}"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [grpc]
            address = "{engine["containerd.sock"]}"
            """);
        engine.StartDaemon("containerd", "--config", engine["containerd.toml"]);
        await Eventually.HoldsAsync(async () => (await engine.Command("ctr", "--address", engine["containerd.sock"], "version").RunAsync()).ExitCode == 0);
    }
}
