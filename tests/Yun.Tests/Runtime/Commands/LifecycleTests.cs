using System.Text.Json;
using Yun.Linux.Cgroups;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Commands;

public sealed class LifecycleTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    [Fact]
    public async Task A_container_goes_from_created_over_running_to_stopped_and_is_deleted()
    {
        var id = await _bundle.CreateAsync(_bundle.Script("echo begun; sleep 1000"));
        Assert.Equal("created", await _bundle.StatusAsync(id));
        Assert.False(File.ReadAllText(_bundle.Output).Contains("begun", StringComparison.Ordinal));
        (await _bundle.RunAsync("start", id)).Succeeded();
        await Eventually.HoldsAsync(() => Task.FromResult(File.ReadAllText(_bundle.Output) == "begun\n"));
        Assert.Equal("running", await _bundle.StatusAsync(id));
        (await _bundle.RunAsync("start", id)).FailedSaying("cannot start a container that is running");
        (await _bundle.RunAsync("delete", id)).FailedSaying("not stopped");
        (await _bundle.RunAsync("pause", id)).Succeeded();
        Assert.Equal("paused", await _bundle.StatusAsync(id));
        (await _bundle.RunAsync("resume", id)).Succeeded();
        (await _bundle.RunAsync("kill", id, "KILL")).Succeeded();
        await Eventually.HoldsAsync(async () => await _bundle.StatusAsync(id) == "stopped");
        (await _bundle.RunAsync("kill", id, "KILL")).FailedSaying("container not running");
        (await _bundle.RunAsync("delete", id)).Succeeded();
        (await _bundle.RunAsync("state", id)).FailedSaying("does not exist");
        Assert.False(Cgroup.At("/" + id).Exists);
    }

    [Fact]
    public async Task Deleting_by_force_works_in_every_state_and_again()
    {
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000"));
        (await _bundle.RunAsync("delete", "--force", id)).Succeeded();
        (await _bundle.RunAsync("delete", "--force", id)).Succeeded();
        (await _bundle.RunAsync("delete", id)).FailedSaying("does not exist");
        Assert.False(Cgroup.At("/" + id).Exists);
    }

    [Theory]
    [InlineData("nosuch", 127, "exec: \"nosuch\": executable file not found in $PATH"), InlineData("/nosuch", 127, "exec: \"/nosuch\": stat /nosuch: no such file or directory"), InlineData("/etc", 126, "exec: \"/etc\": permission denied"), InlineData("/etc/passwd", 126, "exec: \"/etc/passwd\": permission denied")]
    public async Task Create_tells_that_the_program_is_not_there(string program, int code, string words)
    {
        var spec = _bundle.Script("");
        spec.Process!.Args = [program];
        _bundle.Write(spec);
        var id = _bundle.NewId();
        (await _bundle.RunAsync("create", id)).EndedWith(code).FailedSaying(words);
        (await _bundle.RunAsync("state", id)).FailedSaying("does not exist");
    }

    [Fact]
    public async Task An_id_can_be_used_once_at_a_time()
    {
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000"));
        (await _bundle.RunAsync("create", id)).FailedSaying("already exists");
        Assert.Equal("created", await _bundle.StatusAsync(id));
    }

    [Fact]
    public async Task Run_keeps_a_container_only_when_told_to()
    {
        _bundle.Write(_bundle.Script("exit 7"));
        var id = _bundle.NewId();
        (await _bundle.RunAsync("run", "--keep", id)).EndedWith(7);
        Assert.Equal("stopped", await _bundle.StatusAsync(id));
        (await _bundle.RunAsync("delete", id)).Succeeded();
        (await _bundle.RunAsync("run", id)).EndedWith(7);
        (await _bundle.RunAsync("state", id)).FailedSaying("does not exist");
    }

    [Fact]
    public async Task Lists_and_processes_are_given_as_json_too()
    {
        Assert.Equal("[]", (await _bundle.RunAsync("list", "--format", "json")).Succeeded().Text);
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000"));
        Assert.Equal(id, (await _bundle.RunAsync("list", "-q")).Succeeded().Text);
        using var list = JsonDocument.Parse((await _bundle.RunAsync("list", "-f", "json")).Succeeded().Output);
        var container = Assert.Single(list.RootElement.EnumerateArray());
        Assert.Equal((id, "created", _bundle.Folder), (container.GetProperty("id").GetString(), container.GetProperty("status").GetString(), container.GetProperty("bundle").GetString()));
        using var processes = JsonDocument.Parse((await _bundle.RunAsync("ps", "-f", "json", id)).Succeeded().Output);
        Assert.Equal(container.GetProperty("pid").GetInt32(), Assert.Single(processes.RootElement.EnumerateArray()).GetInt32());
    }

    [Fact]
    public async Task Every_process_can_be_signalled_at_once()
    {
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000 & sleep 1001 & trap '' TERM; wait; wait; wait"));
        (await _bundle.RunAsync("start", id)).Succeeded();
        await Eventually.HoldsAsync(async () => (await _bundle.RunAsync("ps", id)).Succeeded().Lines.Length == 4);
        (await _bundle.RunAsync("kill", "--all", id, "KILL")).Succeeded();
        await Eventually.HoldsAsync(async () => await _bundle.StatusAsync(id) == "stopped");
        Assert.Empty(Cgroup.At("/" + id).AllProcesses());
    }

    [Theory, InlineData("kill"), InlineData("delete")]
    public async Task Without_a_PID_namespace_of_its_own_all_its_processes_end_with_it(string way)
    {
        var spec = _bundle.Script("sleep 1000 & sleep 1001 & wait");
        spec.Linux!.Namespaces!.RemoveAll(n => n.Type == "pid");
        var id = await _bundle.CreateAsync(spec);
        (await _bundle.RunAsync("start", id)).Succeeded();
        var cgroup = Cgroup.At("/" + id);
        await Eventually.HoldsAsync(() => Task.FromResult(cgroup.AllProcesses().Count == 3));
        using var state = JsonDocument.Parse((await _bundle.RunAsync("state", id)).Succeeded().Output);
        (await new Command("kill", "-9", $"{state.RootElement.GetProperty("pid").GetInt32()}").RunAsync()).Succeeded();
        await Eventually.HoldsAsync(async () => await _bundle.StatusAsync(id) == "stopped");
        Assert.Equal(2, cgroup.AllProcesses().Count);
        (await _bundle.RunAsync(way == "kill" ? ["kill", id, "KILL"] : ["delete", id])).Succeeded();
        await Eventually.HoldsAsync(() => Task.FromResult(cgroup.AllProcesses().Count == 0));
    }

    [Fact]
    public async Task A_cgroup_that_another_container_is_in_is_refused()
    {
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000"));
        var spec = _bundle.Script("true");
        spec.Linux!.CgroupsPath = "/" + id;
        (await _bundle.RunAsync(spec)).FailedSaying("container's cgroup is not empty");
        Assert.Equal("created", await _bundle.StatusAsync(id));
    }

    [Fact]
    public async Task Processes_are_shown_as_ps_shows_them()
    {
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1017"));
        (await _bundle.RunAsync("start", id)).Succeeded();
        await Eventually.HoldsAsync(async () => (await _bundle.RunAsync("ps", id)).Succeeded().Lines is [var head, var process] && head.StartsWith("UID", StringComparison.Ordinal) && process.EndsWith("sleep 1017", StringComparison.Ordinal));
        Assert.StartsWith("COMMAND", (await _bundle.RunAsync("ps", id, "-eo", "comm,pid")).Succeeded().Lines[0]);
        (await _bundle.RunAsync("ps", id, "-eo", "comm")).FailedSaying("no column PID");
    }
}
