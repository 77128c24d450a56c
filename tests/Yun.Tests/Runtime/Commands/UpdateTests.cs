using System.Text.Json;
using Yun.Linux.Cgroups;

namespace Yun.Tests.Runtime.Commands;

public sealed class UpdateTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    private static string Limit(string id, string controller, string v1, string v2)
    {
        var hierarchy = CgroupLayout.Machine.Of(controller);
        Assert.SkipWhen(hierarchy is null, $"this machine has no {controller} cgroup controller");
        return File.ReadAllText(Path.Combine(Cgroup.At("/" + id).DirectoryIn(hierarchy!), hierarchy!.IsUnified ? v2 : v1)).Trim();
    }

    [Fact]
    public async Task Limits_change_while_the_container_runs_and_what_is_not_named_stays()
    {
        var spec = _bundle.Script("sleep 1000");
        spec.Linux!.Resources!.Pids = new() { Limit = 50 };
        spec.Linux.Resources.Memory = new() { Limit = 64 << 20 };
        var id = await _bundle.CreateAsync(spec);
        (await _bundle.RunAsync("update", "--memory", "128m", "--cpu-quota", "50000", "--cpu-period", "100000", id)).Succeeded();
        Assert.Equal($"{128 << 20}", Limit(id, "memory", "memory.limit_in_bytes", "memory.max"));
        Assert.StartsWith("50000", Limit(id, "cpu", "cpu.cfs_quota_us", "cpu.max"));
        Assert.Equal("50", Limit(id, "pids", "pids.max", "pids.max"));
        var command = _bundle.Command("update", "--resources", "-", id);
        command.Input = """{"pids":{"limit":77}}""";
        (await command.RunAsync()).Succeeded();
        Assert.Equal("77", Limit(id, "pids", "pids.max", "pids.max"));
        Assert.Equal($"{128 << 20}", Limit(id, "memory", "memory.limit_in_bytes", "memory.max"));
    }

    [Theory]
    [InlineData("--memory", "lots", "--memory is 'lots'")]
    [InlineData("--pids-limit", "x", "--pids-limit is 'x'")]
    [InlineData("--cpuset-cpus", "99999", "linux.resources.cpu.cpus")]
    [InlineData("--l3-cache-schema", "L3:0=f", "Intel RDT")]
    [InlineData("--resources", "/no/such/file", "/no/such/file")]
    public async Task A_wrong_limit_is_named(string option, string value, string words)
    {
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000"));
        (await _bundle.RunAsync("update", option, value, id)).FailedSaying(words);
    }

    [Fact]
    public async Task Events_tell_what_a_container_uses()
    {
        var spec = _bundle.Script("sleep 1000");
        spec.Linux!.Resources!.Pids = new() { Limit = 50 };
        var id = await _bundle.CreateAsync(spec);
        using var once = JsonDocument.Parse((await _bundle.RunAsync("events", "--stats", id)).Succeeded().Output);
        Assert.Equal(("stats", id), (once.RootElement.GetProperty("type").GetString(), once.RootElement.GetProperty("id").GetString()));
        var data = once.RootElement.GetProperty("data");
        Assert.Equal((1, 50), (data.GetProperty("pids").GetProperty("current").GetInt32(), data.GetProperty("pids").GetProperty("limit").GetInt32()));
        Assert.True(data.GetProperty("memory").GetProperty("usage").GetProperty("usage").GetInt64() > 0);
        var events = _bundle.RunAsync("events", "--interval", "50ms", id);
        await Task.Delay(300);
        (await _bundle.RunAsync("kill", id, "KILL")).Succeeded();
        Assert.All((await events).Succeeded().Lines, line => JsonDocument.Parse(line).Dispose());
    }
}
