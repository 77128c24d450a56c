using System.Text.Json;
using Yun.Oci;

namespace Yun.Tests.Runtime.Commands;

public sealed class ExecTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    private async Task<string> StartAsync(Action<RuntimeSpec>? change = null)
    {
        var spec = _bundle.Script("sleep 1000");
        change?.Invoke(spec);
        var id = await _bundle.CreateAsync(spec);
        (await _bundle.RunAsync("start", id)).Succeeded();
        return id;
    }

    [Theory]
    [InlineData("1", "1", "0")]
    [InlineData("1:1", "1", "1")]
    [InlineData("1000:5", "1000", "5")]
    public async Task A_user_by_number_is_that_number(string user, string uid, string gid)
    {
        var id = await StartAsync();
        Assert.Equal([uid, gid], (await _bundle.RunAsync("exec", "--user", user, id, "sh", "-c", "id -u; id -g")).Succeeded().Lines);
    }

    [Theory]
    [InlineData("root"), InlineData("+0"), InlineData(" 0"), InlineData("0x0"), InlineData("-1"), InlineData(":1"), InlineData("4294967295"), InlineData("4294967296"), InlineData("1:"), InlineData("18446744073709551616")]
    public async Task A_user_that_is_no_number_is_refused(string user)
    {
        var id = await StartAsync();
        (await _bundle.RunAsync("exec", "--user", user, id, "id")).FailedSaying("--user is");
    }

    [Fact]
    public async Task What_is_asked_for_is_added_to_the_containers_own_process()
    {
        var id = await StartAsync();
        var result = await _bundle.RunAsync("exec", "--cwd", "/tmp", "--env", "A=b", "--cap", "CAP_NET_RAW", "-g", "7", id, "sh", "-c", "pwd; echo $A; grep CapEff /proc/self/status | tr '\\t' ' '; id -G; cat /proc/1/comm");
        Assert.Equal(["/tmp", "b", "CapEff: 0000000020002420", "0 7", "sleep"], result.Succeeded().Lines);
    }

    [Fact]
    public async Task A_process_from_a_file_runs_with_a_terminal_of_its_own()
    {
        var id = await StartAsync();
        var process = new SpecProcess { Args = ["sh", "-c", "tty; exit 3"], Cwd = "/", Env = ["PATH=/bin"], Terminal = true };
        File.WriteAllText(Path.Combine(_bundle.Folder, "process.json"), JsonSerializer.Serialize(process, RuntimeSpecJson.Default.SpecProcess));
        Assert.Contains("/dev/pts/", (await _bundle.RunAsync("exec", "--process", "process.json", id)).EndedWith(3).Output);
        (await _bundle.RunAsync("exec", "--process", "nowhere.json", id)).FailedSaying("nowhere.json");
    }

    [Fact]
    public async Task It_runs_on_the_processors_that_are_asked_for()
    {
        var id = await StartAsync();
        var process = new SpecProcess { Args = ["grep", "Cpus_allowed_list", "/proc/self/status"], Cwd = "/", Env = ["PATH=/bin"], ExecCpuAffinity = new SpecCpuAffinity { Initial = "0", Final = "0" } };
        File.WriteAllText(Path.Combine(_bundle.Folder, "process.json"), JsonSerializer.Serialize(process, RuntimeSpecJson.Default.SpecProcess));
        Assert.Equal("Cpus_allowed_list:\t0\n", (await _bundle.RunAsync("exec", "--process", "process.json", id)).Succeeded().Output);
        process.ExecCpuAffinity.Final = "0-x";
        File.WriteAllText(Path.Combine(_bundle.Folder, "process.json"), JsonSerializer.Serialize(process, RuntimeSpecJson.Default.SpecProcess));
        (await _bundle.RunAsync("exec", "--process", "process.json", id)).FailedSaying("process.execCPUAffinity.final");
    }

    [Fact]
    public async Task It_joins_user_and_time_namespaces_and_the_cgroup()
    {
        var id = await StartAsync(Namespaces.WithUserAndTime);
        var result = await _bundle.RunAsync("exec", id, "sh", "-c", "for n in user time pid; do readlink /proc/self/ns/$n; done; cat /proc/self/uid_map | tr -s ' '");
        var init = await _bundle.RunAsync("exec", id, "sh", "-c", "for n in user time pid; do readlink /proc/1/ns/$n; done; cat /proc/1/uid_map | tr -s ' '");
        Assert.Equal(init.Succeeded().Output, result.Succeeded().Output);
        Assert.Contains(" 0 100000 1000", result.Output);
    }

    [Fact]
    public async Task A_container_that_is_paused_or_stopped_takes_none()
    {
        var id = await StartAsync();
        (await _bundle.RunAsync("pause", id)).Succeeded();
        (await _bundle.RunAsync("exec", id, "true")).FailedSaying("paused container");
        (await _bundle.RunAsync("kill", id, "KILL")).Succeeded();
        await EndToEnd.Eventually.HoldsAsync(async () => await _bundle.StatusAsync(id) == "stopped");
        (await _bundle.RunAsync("exec", id, "true")).FailedSaying("stopped container");
    }

    [Fact]
    public async Task It_is_in_the_containers_cgroup_or_in_one_below_that_is_asked_for()
    {
        var id = await StartAsync();
        var cgroup = Yun.Linux.Cgroups.Cgroup.At("/" + id + "/below");
        cgroup.Create();
        try
        {
            // The first process moves on; those that join still begin where the container's limits are.
            using var state = JsonDocument.Parse((await _bundle.RunAsync("state", id)).Succeeded().Output);
            foreach (var file in cgroup.JoinFiles()) File.WriteAllText(file, $"{state.RootElement.GetProperty("pid").GetInt32()}");
            async Task<string> Where(params string[] options) => string.Join(' ', (await _bundle.RunAsync(["exec", .. options, id, "cat", "/proc/self/cgroup"])).Succeeded().Lines.Select(l => l.Split(':')[2]).Distinct());
            Assert.Equal("/", await Where());
            Assert.Equal("/below", await Where("--cgroup", "below"));
            (await _bundle.RunAsync("exec", "--cgroup", "..", id, "true")).EndedWith(255).FailedSaying("bad sub cgroup path");
            (await _bundle.RunAsync("exec", "--cgroup", "nothere", id, "true")).FailedSaying("no such file or directory");
            (await _bundle.RunAsync("exec", "--cgroup", "nonsense:below", id, "true")).FailedSaying("unknown controller 'nonsense'");
        }
        finally
        {
            (await _bundle.RunAsync("delete", "--force", id)).Succeeded();
        }
    }

    [Fact]
    public async Task What_cannot_be_run_is_told_apart_from_what_ends_badly()
    {
        File.WriteAllText(Path.Combine(_bundle.Root, "script"), "#!/no/such/interpreter\n");
        File.SetUnixFileMode(Path.Combine(_bundle.Root, "script"), (UnixFileMode)0x1ed);
        var id = await StartAsync();
        (await _bundle.RunAsync("exec", id, "sh", "-c", "exit 42")).EndedWith(42);
        (await _bundle.RunAsync("exec", id, "/script")).EndedWith(255).FailedSaying("exec /script: no such file or directory");
        (await _bundle.RunAsync("exec", id, "/nowhere")).EndedWith(255).FailedSaying("exec: \"/nowhere\": stat /nowhere: no such file or directory");
    }

    [Fact]
    public async Task The_hosts_null_device_stays_roots()
    {
        var id = await StartAsync();
        (await _bundle.QuietAsync("exec", "--user", "1000", id, "true")).Succeeded();
        Assert.Equal("0:0", (await new EndToEnd.Command("stat", "-c", "%u:%g", "/dev/null").RunAsync()).Succeeded().Text);
    }
}
