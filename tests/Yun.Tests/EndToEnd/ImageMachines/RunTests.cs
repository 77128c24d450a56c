namespace Yun.Tests.EndToEnd.ImageMachines;

/// <summary>Images in virtual machines, driven as containers are: what a user sees of one is what he sees of the other.</summary>
public sealed class RunTests(MachineFixture machines) : IClassFixture<MachineFixture>
{
    [Theory, InlineData("docker", "--runtime", "vm"), InlineData("yun", "--vm")]
    public async Task A_program_has_a_machine_of_its_own(string client, params string[] asked)
    {
        var daemon = await machines.StartedAsync();
        var run = await daemon[client].RunWithInputAsync("typed\n",
            ["run", "--rm", "-i", .. asked, "--cpus", "2", "-m", "128m", "--hostname", "alone", "-e", "A=b", "--read-only", "--tmpfs", "/scratch", "-u", "1000:1001", "busybox",
                "sh", "-c", "cat; uname -r; nproc; hostname; echo $A; id -u; id -g; cat /proc/1/comm; grep MemTotal /proc/meminfo; touch /scratch/a && ls /scratch; touch /b 2>&1; echo wrong >&2; exit 7"]);
        Assert.Equal(7, run.ExitCode);
        Assert.Equal("wrong\n", run.Error);
        var kernel = await daemon.Yun.TextAsync("machine", "kernel", "inspect");
        Assert.NotEqual(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), kernel);
        Assert.Equal(["typed", kernel, "2", "alone", "b", "1000", "1001", "sh"], run.Lines[..8]);
        Assert.InRange(int.Parse(run.Lines[8].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]), 64 << 10, 128 << 10);
        Assert.Equal(["a", "touch: /b: Read-only file system"], run.Lines[9..]);
    }

    [Theory, InlineData("nosuch", 127, "executable file not found in $PATH"), InlineData("/etc", 126, "permission denied")]
    public async Task A_program_that_cannot_run_is_told_as_a_container_s_is(string program, int exitCode, string words)
    {
        var daemon = await machines.StartedAsync();
        var run = await daemon.Docker.RunAsync("run", "--rm", "--runtime", "vm", "--network", "none", "busybox", program);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty((await daemon.Docker.RunAsync("ps", "-aq")).Lines);
    }

    [Fact]
    public async Task A_program_that_takes_all_memory_is_ended_and_the_machine_goes_on()
    {
        var daemon = await machines.StartedAsync();
        try
        {
            CommandResult run;
            // Rarely the guest's kernel ends one process more, which is the shell that would have told it (docs/status.md).
            const int triesMax = 2;
            for (var tries = 1; ; tries++)
            {
                run = await daemon.Docker.RunAsync("run", "--name", "eats", "--runtime", "vm", "--network", "none", "-m", "96m", "busybox", "sh", "-c", "tail /dev/zero; echo ended $?");
                if (tries == triesMax || run.ExitCode != 137) break;
                await daemon.Docker.RunAsync("rm", "-f", "eats");
            }
            Assert.Equal((0, "ended 137"), (run.ExitCode, run.Text));
            Assert.Equal("true", await daemon.Docker.TextAsync("inspect", "-f", "{{.State.OOMKilled}}", "eats"));
            // Docker's client asks for whole seconds.
            await Eventually.HoldsAsync(async () => (await daemon.Docker.RunAsync("events", "--since", "1h", "--until", "0s", "--filter", "container=eats")).Succeeded().Lines.Any(line => line.Contains(" container oom ", StringComparison.Ordinal)));
            var own = (await daemon.Yun.RunAsync("machine", "events", "--since", "1h", "--until", "0s")).Succeeded().Lines;
            Assert.Contains(own, line => line.Contains(" machine oom ", StringComparison.Ordinal) && line.Contains("cause=the guest's kernel ended 1 program for want of memory", StringComparison.Ordinal) && line.Contains("name=eats", StringComparison.Ordinal));
        }
        finally { await daemon.Docker.RunAsync("rm", "-f", "eats"); }
    }

    [Fact]
    public async Task A_program_beside_the_first_that_takes_all_memory_is_ended_alone()
    {
        var daemon = await machines.StartedAsync();
        await daemon.Docker.TextAsync("run", "-d", "--name", "beside", "--runtime", "vm", "--network", "none", "-m", "96m", "busybox", "sleep", "1000");
        try
        {
            Assert.Equal("false", await daemon.Docker.TextAsync("inspect", "-f", "{{.State.OOMKilled}}", "beside"));
            Assert.Equal(137, (await daemon.Docker.RunAsync("exec", "beside", "tail", "/dev/zero")).ExitCode);
            await Eventually.HoldsAsync(async () => await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.State.OOMKilled}}", "beside") == "running true");
            Assert.Equal("here", await daemon.Docker.TextAsync("exec", "beside", "echo", "here"));
        }
        finally { await daemon.Docker.RunAsync("rm", "-f", "beside"); }
    }

    [Fact]
    public async Task A_shell_on_a_terminal_takes_what_is_typed()
    {
        var daemon = await machines.StartedAsync();
        await using var terminal = daemon.Docker.OnTerminal("run --rm -it --runtime vm --network none busybox sh");
        await terminal.SeeAsync("# ");
        await terminal.TypeAsync("until stty size | grep '40 100'; do sleep 0.1; done; tty; echo sum $((20+22))\r");
        await terminal.SeeAsync("sum 42");
        Assert.Contains("/dev/pts/0", terminal.Seen);
        await terminal.TypeAsync("exit 9\r");
        Assert.Equal(9, await terminal.ExitCodeAsync());
    }

    [Theory]
    [InlineData("has the devices of its own machine only", "--privileged")]
    [InlineData("has the devices of its own machine only", "--device", "/dev/null")]
    [InlineData("has a network stack of its own", "--network", "host")]
    [InlineData("has a kernel of its own", "--pid", "host")]
    [InlineData("has a kernel of its own", "--ipc", "host")]
    [InlineData("needs 64 MiB of memory at least", "-m", "32m")]
    [InlineData("--init is not there yet", "--init")]
    [InlineData("must be seconds, from 5 to 86400, or off", "--label", "yun.machine-watchdog=soon")]
    [InlineData("must be true or false", "--label", "yun.machine-warm-start=perhaps")]
    public async Task What_a_machine_cannot_have_is_refused_with_the_reason(string reason, params string[] options)
    {
        var daemon = await machines.StartedAsync();
        var run = await daemon.Docker.RunAsync(["run", "--rm", "--runtime", "vm", .. options, "busybox", "true"]);
        Assert.Equal(125, run.ExitCode);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Empty((await daemon.Docker.RunAsync("ps", "-aq")).Lines);
    }
}
