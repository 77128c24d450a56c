using System.Globalization;

namespace Yun.Tests.EndToEnd.ImageMachines;

/// <summary>Machines that run on: their networks, processes beside the first, sandbox, and what becomes of them when something around them dies.</summary>
public sealed class ServiceTests(MachineFixture machines) : IClassFixture<MachineFixture>
{
    private const string Serve = "mkdir -p /www; echo $((1 + $(cat /www/index.html 2>/dev/null || echo 0))) > /www/index.html; trap 'exit 3' TERM; httpd -h /www -p 80; echo serves; while :; do sleep 0.1; done";

    [Fact]
    public async Task A_server_is_reached_by_name_and_port_and_keeps_its_files_over_a_restart()
    {
        var daemon = await machines.StartedAsync();
        var (docker, port) = (daemon.Docker, LoopbackPort.Free());
        await docker.TextAsync("network", "create", "between");
        await docker.TextAsync("run", "-d", "--name", "beside", "--network", "between", "busybox", "sleep", "1000");
        await docker.TextAsync("run", "-d", "--name", "web", "--network", "between", "-p", $"127.0.0.1:{port}:80", "--runtime", "vm", "busybox", "sh", "-c", Serve);
        try
        {
            await LogsSayAsync(docker, "web", "serves");
            Assert.Equal("1", await docker.TextAsync("exec", "beside", "wget", "-qO-", "http://web/"));
            using var http = new HttpClient();
            Assert.Equal("1\n", await http.GetStringAsync($"http://127.0.0.1:{port}/"));
            Assert.Equal(0, (await docker.RunAsync("exec", "web", "ping", "-c", "1", "beside")).ExitCode);

            var exec = await docker.RunWithInputAsync("typed\n", "exec", "-i", "-e", "A=b", "-w", "/www", "web", "sh", "-c", "cat; pwd; echo $A; echo wrong >&2; exit 5");
            Assert.Equal((5, "wrong\n"), (exec.ExitCode, exec.Error));
            Assert.Equal(["typed", "/www", "b"], exec.Lines[..3]);
            var none = await docker.RunAsync("exec", "web", "nosuch");
            Assert.Equal(127, none.ExitCode);
            Assert.Contains("executable file not found", none.Error, StringComparison.Ordinal);

            await docker.TextAsync("stop", "web");
            Assert.Equal("3", await docker.TextAsync("inspect", "-f", "{{.State.ExitCode}}", "web"));
            await docker.TextAsync("start", "web");
            await Eventually.HoldsAsync(async () => (await docker.RunAsync("exec", "beside", "wget", "-qO-", "http://web/")).Text == "2");
        }
        finally
        {
            await docker.RunAsync("rm", "-f", "web", "beside");
            await docker.RunAsync("network", "rm", "between");
        }
    }

    [Fact]
    public async Task Volumes_and_folders_of_the_host_are_there_with_their_owners_and_rights()
    {
        var daemon = await machines.StartedAsync();
        using var folder = new ScratchFolder(("given", "from outside\n"));
        var volume = $"shared-{Random.Shared.Next(0x10000):x4}";
        var run = await daemon.Docker.RunAsync("run", "--rm", "--runtime", "vm", "-v", $"{folder.Path}:/folder", "-v", $"{folder.Path}:/fixed:ro", "-v", $"{volume}:/volume", "--mount", "type=tmpfs,dst=/scratch", "busybox",
            "sh", "-c", "cat /folder/given; echo made > /folder/made && chown 1000:1001 /folder/made && chmod 640 /folder/made; echo kept > /volume/kept; ln -s kept /volume/link; touch /fixed/no 2>&1; touch /scratch/yes");
        Assert.Equal(["from outside", "touch: /fixed/no: Read-only file system"], run.Succeeded().Lines);
        Assert.Equal("made\n", folder.Read("made"));
        Assert.Equal("1000 1001 640", (await new Command("stat", "-c", "%u %g %a", folder["made"]).RunAsync()).Text);
        Assert.Equal("kept", await daemon.Docker.TextAsync("run", "--rm", "-v", $"{volume}:/v", "busybox", "cat", "/v/link"));
        await daemon.Docker.TextAsync("volume", "rm", volume);

        var file = await daemon.Docker.RunAsync("run", "--rm", "--runtime", "vm", "-v", $"{folder["given"]}:/file", "busybox", "true");
        Assert.Contains("can be given folders only", file.Error, StringComparison.Ordinal);
        Assert.Empty((await daemon.Docker.RunAsync("ps", "-aq")).Lines);
    }

    [Fact]
    public async Task It_outlives_the_daemon_and_its_emulator_s_death_is_an_exit()
    {
        await using var daemon = await MachineFixture.StartNewAsync();
        var docker = daemon.Docker;
        await docker.TextAsync("run", "-d", "--name", "lives", "--restart", "on-failure:1", "--runtime", "vm", "busybox", "sh", "-c", "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done");
        await daemon.KillAsync();
        await daemon.StartAgainAsync();
        Assert.Equal("here", await docker.TextAsync("exec", "lives", "echo", "here"));
        await LogsSayAsync(docker, "lives", "line 20");
        var lines = (await docker.RunAsync("logs", "lives")).Lines;
        Assert.Equal(Enumerable.Range(0, lines.Length).Select(i => $"line {i}"), lines);

        await IsConfinedAsync(docker, "lives");
        (await new Command("kill", "-9", $"{EmulatorOf(await PidAsync(docker, "lives"))}").RunAsync()).Succeeded();
        await Eventually.HoldsAsync(async () => await docker.TextAsync("inspect", "-f", "{{.RestartCount}} {{.State.Status}}", "lives") == "1 running");
        await LogsSayAsync(docker, "lives", "the virtual machine ended");
        await docker.TextAsync("kill", "lives");
        Assert.Equal("137", await docker.TextAsync("inspect", "-f", "{{.State.ExitCode}}", "lives"));
    }

    /// <summary>Whoever breaks out of the guest is in a process that may do nothing and sees nothing of the machine but QEMU and its own files.</summary>
    private static async Task IsConfinedAsync(Client docker, string name)
    {
        var emulator = EmulatorOf(await PidAsync(docker, name));
        var status = File.ReadLines($"/proc/{emulator}/status").Select(line => line.Split(":\t")).Where(words => words.Length == 2).ToDictionary(words => words[0], words => words[1]);
        Assert.All(status["Uid"].Split('\t'), uid => Assert.InRange(uint.Parse(uid, CultureInfo.InvariantCulture), 0x70000000u, 0x71000000u));
        Assert.All((string[])["CapInh", "CapPrm", "CapEff", "CapAmb"], set => Assert.Equal("0000000000000000", status[set]));
        Assert.Equal(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]));
        foreach (var space in (string[])["mnt", "net", "pid", "ipc", "uts"])
            Assert.NotEqual(new FileInfo($"/proc/self/ns/{space}").LinkTarget, new FileInfo($"/proc/{emulator}/ns/{space}").LinkTarget);
        Assert.Equal(["bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "tmp", "usr", "var", "vm"], new DirectoryInfo($"/proc/{emulator}/root").EnumerateFileSystemInfos().Select(entry => entry.Name).Order());
        Assert.Equal(["group"], Directory.GetFiles($"/proc/{emulator}/root/etc").Select(Path.GetFileName));
        Assert.DoesNotContain(File.ReadLines($"/proc/{emulator}/mountinfo"), line => line.Split(' ') is var words && words[4].StartsWith("/usr", StringComparison.Ordinal) && words[5].StartsWith("rw", StringComparison.Ordinal));
    }

    private static int EmulatorOf(int monitor) => int.Parse(File.ReadAllText($"/proc/{monitor}/task/{monitor}/children").Split(' ')[0], CultureInfo.InvariantCulture);

    private static async Task<int> PidAsync(Client docker, string name) => int.Parse(await docker.TextAsync("inspect", "-f", "{{.State.Pid}}", name), CultureInfo.InvariantCulture);

    private static Task LogsSayAsync(Client docker, string name, string words) =>
        Eventually.HoldsAsync(async () => await docker.RunAsync("logs", name) is var logs && (logs.Output + logs.Error).Contains(words, StringComparison.Ordinal));
}
