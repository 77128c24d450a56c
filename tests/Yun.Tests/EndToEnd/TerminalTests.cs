namespace Yun.Tests.EndToEnd;

public sealed class TerminalTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private const string DetachKeys = "\u0010\u0011";

    [Theory, MemberData(nameof(Clients))]
    public async Task A_shell_on_a_terminal_takes_what_is_typed_and_its_exit_code_arrives(string client)
    {
        await using var terminal = Daemon[client].OnTerminal("run --rm -it busybox sh");
        await terminal.SeeAsync("# ");
        await terminal.TypeAsync("tty; echo sum $((20+22))\r");
        await terminal.SeeAsync("sum 42");
        Assert.Contains("/dev/pts/0", terminal.Seen);
        await terminal.TypeAsync("exit 9\r");
        Assert.Equal(9, await terminal.ExitCodeAsync());
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task The_container_s_terminal_has_the_size_of_the_client_s(string client)
    {
        await using var terminal = Daemon[client].OnTerminal("run --rm -it busybox sh -c 'until stty size | grep \"40 100\"; do sleep 0.1; done'");
        await terminal.SeeAsync("40 100");
        Assert.Equal(0, await terminal.ExitCodeAsync());
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task The_detach_keys_leave_the_container_running(string client)
    {
        var name = Name();
        await using (var terminal = Daemon[client].OnTerminal($"run -it --name {name} busybox sh"))
        {
            await terminal.SeeAsync("# ");
            await terminal.TypeAsync(DetachKeys);
            Assert.Equal(0, await terminal.ExitCodeAsync());
        }
        Assert.Equal("running", await Docker.TextAsync("inspect", "-f", "{{.State.Status}}", name));

        await using var again = Daemon[client].OnTerminal($"attach {name}");
        await again.TypeAsync("echo back $((40+2))\r");
        await again.SeeAsync("back 42");
        await again.TypeAsync("exit 5\r");
        Assert.Equal(5, await again.ExitCodeAsync());
    }

    [Theory, MemberData(nameof(Clients))]
    public async Task An_exec_on_a_terminal_is_one(string client)
    {
        var name = Name();
        await Docker.TextAsync("run", "-d", "--name", name, "busybox", "sleep", "1000");
        await using var terminal = Daemon[client].OnTerminal($"exec -it {name} sh");
        await terminal.SeeAsync("# ");
        await terminal.TypeAsync("until stty size | grep '40 100'; do sleep 0.1; done; exit 4\r");
        Assert.Equal(4, await terminal.ExitCodeAsync());
    }

    [Fact]
    public async Task Control_C_reaches_the_process_in_the_terminal()
    {
        await using var terminal = Docker.OnTerminal("run --rm -it busybox sh -c 'trap \"exit 130\" INT; echo ready; while true; do sleep 0.1; done'");
        await terminal.SeeAsync("ready");
        await terminal.TypeAsync("\u0003");
        Assert.Equal(130, await terminal.ExitCodeAsync());
    }
}
