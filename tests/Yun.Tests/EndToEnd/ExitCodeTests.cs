namespace Yun.Tests.EndToEnd;

public sealed class ExitCodeTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Theory, MemberData(nameof(Clients))]
    public async Task The_container_s_exit_code_is_the_client_s(string client) =>
        (await Daemon[client].RunAsync("run", "--rm", "busybox", "sh", "-c", "exit 42")).EndedWith(42);

    [Theory, MemberData(nameof(Clients))]
    public async Task A_command_that_is_not_in_the_image_ends_with_127(string client) =>
        (await Daemon[client].RunAsync("run", "--rm", "busybox", "nosuchcommand")).EndedWith(127).FailedSaying("nosuchcommand");

    [Theory, MemberData(nameof(Clients))]
    public async Task A_command_that_cannot_be_executed_ends_with_126(string client) =>
        (await Daemon[client].RunAsync("run", "--rm", "busybox", "/etc/passwd")).EndedWith(126).FailedSaying("permission denied");

    [Theory, MemberData(nameof(Clients))]
    public async Task A_daemon_s_refusal_ends_with_125(string client) =>
        (await Daemon[client].RunAsync("run", "--rm", "--pull", "never", "nosuchimage", "true")).EndedWith(125).FailedSaying("nosuchimage");

    [Theory, MemberData(nameof(Clients))]
    public async Task A_bad_flag_ends_with_125(string client) => (await Daemon[client].RunAsync("run", "--nosuchflag", "busybox")).EndedWith(125);

    [Theory, MemberData(nameof(Clients))]
    public async Task A_bad_reference_ends_with_125(string client) =>
        (await Daemon[client].RunAsync("run", "--rm", "Bad/Reference", "true")).EndedWith(125).FailedSaying("invalid reference format");

    [Fact]
    public async Task A_signal_s_end_is_128_and_its_number()
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sleep", "1000");
        await Docker.TextAsync("kill", name);
        Assert.Equal("137", await Docker.TextAsync("wait", name));
    }

    [Fact]
    public async Task A_start_that_failed_leaves_the_container_created_with_the_reason()
    {
        var name = Name();
        (await Docker.RunAsync("run", "--name", name, "busybox", "nosuchcommand")).EndedWith(127);
        Assert.StartsWith("created 127", await Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", name));
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_exec_s_exit_codes_are_as_a_run_s(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sleep", "1000");
        (await Daemon[client].RunAsync("exec", name, "sh", "-c", "exit 7")).EndedWith(7);
        (await Daemon[client].RunAsync("exec", name, "nosuchcommand")).EndedWith(127);
        (await Daemon[client].RunAsync("exec", name, "/etc/passwd")).EndedWith(126);
        (await Daemon[client].RunAsync("exec", Name("absent"), "true")).EndedWith(1).FailedSaying("No such container");
    }
}
