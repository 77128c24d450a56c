using System.Text.Json;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Commands;

public sealed class OptionTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    [Fact]
    public async Task An_error_is_in_the_log_as_engines_read_it()
    {
        var log = Path.Combine(_bundle.Folder, "log.json");
        var spec = _bundle.Script("true");
        spec.Process!.Args = ["no such \"program\""];
        _bundle.Write(spec);
        (await _bundle.RunAsync("--log", log, "--log-format", "json", "run", _bundle.NewId())).EndedWith(127);
        using var line = JsonDocument.Parse(Assert.Single(File.ReadAllLines(log)));
        Assert.Equal("error", line.RootElement.GetProperty("level").GetString());
        Assert.Contains("exec: \"no such \"program\"\": executable file not found in $PATH", line.RootElement.GetProperty("msg").GetString());
        Assert.True(DateTimeOffset.TryParse(line.RootElement.GetProperty("time").GetString(), out _));
    }

    [Fact]
    public async Task Descriptors_are_kept_when_asked_for_and_closed_otherwise()
    {
        _bundle.Write(_bundle.Script("cat <&4; ls /proc/self/fd | wc -l"));
        File.WriteAllText(Path.Combine(_bundle.Folder, "given"), "given\n");
        async Task<string> Run(string options) => (await new Command("/bin/sh", "-c", $"exec 3</dev/null 4<given; exec {TestTools.Runtime} --root {_bundle.State} run {options} {_bundle.NewId()}") { WorkingDirectory = _bundle.Folder }.RunAsync()).Output;
        // 0, 1, 2, the two that are kept, and the folder that ls reads.
        Assert.Equal("given\n6\n", await Run("--preserve-fds 2"));
        Assert.Equal("4\n", await Run(""));
    }

    [Fact]
    public async Task Sockets_that_the_caller_was_activated_with_are_the_containers()
    {
        _bundle.Write(_bundle.Script("echo $LISTEN_FDS $LISTEN_PID; cat <&3"));
        File.WriteAllText(Path.Combine(_bundle.Folder, "given"), "given\n");
        Assert.Equal("1 1\ngiven\n", (await new Command("/bin/sh", "-c", $"exec 3<given; LISTEN_FDS=1 exec {TestTools.Runtime} --root {_bundle.State} run {_bundle.NewId()}") { WorkingDirectory = _bundle.Folder }.RunAsync()).Output);
    }

    [Fact]
    public async Task A_descriptor_to_keep_that_is_not_there_is_named()
    {
        _bundle.Write(_bundle.Script("true"));
        (await _bundle.RunAsync("run", "--preserve-fds", "60", _bundle.NewId())).FailedSaying("is not open");
    }

    [Fact]
    public async Task Without_pivot_root_the_container_sees_its_own_root_only()
    {
        _bundle.Write(_bundle.Script("ls -d /bin/busybox; ls /home; test -e /proc/1/root/var/lib && echo host"));
        var result = await _bundle.RunAsync("run", "--no-pivot", _bundle.NewId());
        Assert.Equal("/bin/busybox\n", result.Output);
    }

    [Theory]
    [InlineData("--systemd-cgroup", "set the engine's cgroup manager to cgroupfs")]
    [InlineData("--rootless=perhaps", "--rootless is 'perhaps'; it must be true, false or auto")]
    [InlineData("--nonsense", "there is no option --nonsense")]
    public async Task What_is_not_supported_is_said(string option, string words) => (await _bundle.RunAsync(option, "list")).FailedSaying(words);

    [Theory]
    [InlineData("1.0.0", true), InlineData("1.0.2-dev", true), InlineData("1.1.0", true), InlineData("1.2.1", true), InlineData("1.3.0", true), InlineData("1.3.0+x", true)]
    [InlineData("2.0.0", false), InlineData("0.9.0", false), InlineData("1.30.0", false), InlineData("1.9.0", false), InlineData("", false)]
    public async Task Versions_of_the_specification_from_1_0_to_1_3_are_taken(string version, bool taken)
    {
        var spec = _bundle.Script("true");
        spec.OciVersion = version;
        var result = await _bundle.RunAsync(spec);
        if (taken) result.Succeeded();
        else result.FailedSaying("ociVersion:");
    }

    [Fact]
    public async Task A_pid_file_holds_the_first_process()
    {
        _bundle.Write(_bundle.Script("sleep 1000"));
        var id = _bundle.NewId();
        (await _bundle.QuietAsync("run", "--detach", "--pid-file", "pid", id)).Succeeded();
        using var state = JsonDocument.Parse((await _bundle.RunAsync("state", id)).Succeeded().Output);
        Assert.Equal($"{state.RootElement.GetProperty("pid").GetInt32()}", File.ReadAllText(Path.Combine(_bundle.Folder, "pid")));
    }

    [Fact]
    public async Task A_terminal_without_a_socket_is_served_by_run_itself()
    {
        var spec = _bundle.Script("tty; read line; echo \"got $line\"; stty size");
        spec.Process!.Terminal = true;
        _bundle.Write(spec);
        var command = _bundle.Command("run", _bundle.NewId());
        command.Input = "hello\n";
        var result = await command.RunAsync();
        Assert.Contains("/dev/pts/0", result.Succeeded().Output);
        Assert.Contains("got hello", result.Output);
    }
}
