using System.Text.Json;
using Yun.Oci;

namespace Yun.Tests.Runtime.Commands;

public sealed class ProcessDefaultsTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    [Theory]
    [InlineData(2000, "/home/somebody", ""), InlineData(2001, "/", ""), InlineData(2000, "/given", "HOME=/given"), InlineData(2000, "/home/somebody", "HOME=")]
    public async Task The_home_folder_is_the_users_in_the_images_passwd_unless_it_is_given(uint user, string home, string given)
    {
        File.AppendAllText(Path.Combine(_bundle.Root, "etc/passwd"), "somebody:x:2000:2000:some body:/home/somebody:/bin/sh\n");
        var spec = _bundle.Script("echo $HOME");
        spec.Process!.User.Uid = user;
        if (given.Length > 0) spec.Process.Env!.Add(given);
        Assert.Equal(home, (await _bundle.RunAsync(spec)).Succeeded().Text);
        var id = await _bundle.CreateAsync(_bundle.Script("sleep 1000"));
        var process = new SpecProcess { Args = ["sh", "-c", "echo $HOME"], Cwd = "/", Env = ["PATH=/bin", .. given.Length > 0 ? (string[])[given] : []], User = new() { Uid = user } };
        File.WriteAllText(Path.Combine(_bundle.Folder, "process.json"), JsonSerializer.Serialize(process, RuntimeSpecJson.Default.SpecProcess));
        Assert.Equal(home, (await _bundle.RunAsync("exec", "--process", "process.json", id)).Succeeded().Text);
    }

    [Fact]
    public async Task A_passwd_that_leads_out_of_the_image_or_never_ends_is_not_read()
    {
        var passwd = Path.Combine(_bundle.Root, "etc/passwd");
        File.Delete(passwd);
        File.WriteAllText(Path.Combine(_bundle.Folder, "outside"), "x:x:0:0::/outside:/bin/sh\n");
        File.CreateSymbolicLink(passwd, Path.Combine(_bundle.Folder, "outside"));
        Assert.Equal("/", (await _bundle.RunAsync(_bundle.Script("echo $HOME"))).Succeeded().Text);
        File.Delete(passwd);
        Yun.Linux.Files.MakeFifo(passwd, 0x1a4);
        Assert.Equal("/", (await _bundle.RunAsync(_bundle.Script("echo $HOME"))).Succeeded().Text);
    }

    [Fact]
    public async Task Of_a_variable_that_is_given_twice_the_last_value_counts()
    {
        var spec = _bundle.Script("");
        spec.Process!.Args = ["env"];
        spec.Process.Env = ["ONE=1", "PATH=/bin", "ONE=2", "TWO=a=b", "HOME=/"];
        Assert.Equal(["PATH=/bin", "ONE=2", "TWO=a=b", "HOME=/"], (await _bundle.RunAsync(spec)).Succeeded().Lines);
    }

    [Fact]
    public async Task A_capability_that_is_unknown_is_left_out_and_warned_of()
    {
        var log = Path.Combine(_bundle.Folder, "log.json");
        var spec = _bundle.Script("grep CapBnd /proc/self/status | tr '\\t' ' '");
        spec.Process!.Capabilities!.Bounding = ["CAP_KILL", "CAP_TOMORROW"];
        _bundle.Write(spec);
        Assert.Equal("CapBnd: 0000000000000020", (await _bundle.RunAsync("--log", log, "--log-format", "json", "run", _bundle.NewId())).Succeeded().Text);
        using var line = JsonDocument.Parse(Assert.Single(File.ReadAllLines(log)));
        Assert.Equal("warning", line.RootElement.GetProperty("level").GetString());
        Assert.Contains("CAP_TOMORROW", line.RootElement.GetProperty("msg").GetString());
    }

    [Fact]
    public async Task Whoever_is_bound_to_one_CPU_starts_containers_that_are_not()
    {
        using var bound = new CommandLineBundle { Through = ["taskset", "-c", "0"] };
        var all = File.ReadAllLines("/proc/self/status").First(l => l.StartsWith("Cpus_allowed_list", StringComparison.Ordinal));
        Assert.Equal(all, (await bound.RunAsync(bound.Script("grep Cpus_allowed_list /proc/self/status"))).Succeeded().Text);
    }
}
