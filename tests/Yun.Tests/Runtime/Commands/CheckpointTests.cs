using System.Text.Json;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Commands;

public sealed class CheckpointTests : IDisposable
{
    // Written to standard output and to a file of the root, one more each time.
    private const string Counting = "i=0; while true; do i=$((i+1)); echo $i; echo $i >/count; sleep 0.05; done";

    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    private string Images => Path.Combine(_bundle.Folder, "images");

    private static string[] Criu(params string[] arguments) => ["--criu", TestTools.Criu, .. arguments];

    private RuntimeSpec Counter()
    {
        var spec = _bundle.Script(Counting);
        spec.Root!.Readonly = false;
        return spec;
    }

    private static SpecMount[] OfTheHost(string path) => Path.Exists(path) ? [new SpecMount { Destination = path, Type = "bind", Source = path, Options = ["rbind", "ro"] }] : [];

    private async Task<string> StartAsync(RuntimeSpec spec)
    {
        var id = await _bundle.CreateAsync(spec);
        (await _bundle.RunAsync("start", id)).Succeeded();
        return id;
    }

    private async Task<string> CountingAsync(RuntimeSpec? spec = null)
    {
        var id = await StartAsync(spec ?? Counter());
        await PassesAsync(2);
        return id;
    }

    private int[] Counted() => File.Exists(_bundle.Output) ? [.. File.ReadAllLines(_bundle.Output).Select(int.Parse)] : [];

    private Task PassesAsync(int count) => Eventually.HoldsAsync(() => Task.FromResult(Counted() is [.., var last] && last > count));

    // Nothing twice and nothing left out: it went on where it was.
    private void AssertCountedThrough()
    {
        var counted = Counted();
        Assert.Equal(Enumerable.Range(1, counted.Length), counted);
    }

    private Task<CommandResult> CheckpointAsync(params string[] arguments) => _bundle.RunAsync(Criu(["checkpoint", "--image-path", Images, .. arguments]));

    private async Task<string> RestoreAsync(params string[] options)
    {
        var id = _bundle.NewId();
        (await _bundle.QuietAsync(Criu(["restore", "--image-path", Images, "--detach", .. options, id]))).Succeeded();
        return id;
    }

    private string Line(string command) => $"{TestTools.Runtime} --root {_bundle.State} --criu {TestTools.Criu} {command} --image-path {Images}";

    private Task<CommandResult> ShellAsync(string script) => new Command("/bin/sh", "-c", script) { WorkingDirectory = _bundle.Folder }.RunAsync();

    [Fact]
    public async Task A_program_goes_on_where_its_checkpoint_was_taken()
    {
        var id = await CountingAsync();
        (await CheckpointAsync(id)).Succeeded();
        (await _bundle.RunAsync("state", id)).FailedSaying("does not exist");
        Assert.False(Cgroup.At("/" + id).Exists);
        var then = Counted()[^1];
        var pidFile = Path.Combine(_bundle.Folder, "restored.pid");
        var restored = await RestoreAsync("--pid-file", pidFile);
        await PassesAsync(then + 2);
        AssertCountedThrough();
        using var state = JsonDocument.Parse((await _bundle.RunAsync("state", restored)).Succeeded().Output);
        Assert.Equal(("running", File.ReadAllText(pidFile)), (state.RootElement.GetProperty("status").GetString(), state.RootElement.GetProperty("pid").GetInt32().ToString()));
    }

    [Fact]
    public async Task What_is_restored_can_be_listed_joined_paused_checkpointed_again_and_deleted()
    {
        var id = await CountingAsync();
        (await CheckpointAsync(id)).Succeeded();
        var restored = await RestoreAsync();
        Assert.Contains(restored, (await _bundle.RunAsync("list", "--quiet")).Succeeded().Lines);
        Assert.Equal("inside", (await _bundle.RunAsync("exec", restored, "echo", "inside")).Succeeded().Text);
        Assert.NotEmpty(Cgroup.At("/" + restored).AllProcesses());
        (await _bundle.RunAsync("pause", restored)).Succeeded();
        Directory.Delete(Images, recursive: true);
        (await CheckpointAsync(restored)).Succeeded();
        var again = await RestoreAsync();
        var then = Counted()[^1];
        await PassesAsync(then + 2);
        AssertCountedThrough();
        (await _bundle.RunAsync("kill", again, "KILL")).Succeeded();
        await Eventually.HoldsAsync(async () => await _bundle.StatusAsync(again) == "stopped");
        (await _bundle.RunAsync("delete", again)).Succeeded();
        foreach (var one in (string[])[id, restored, again]) Assert.False(Cgroup.At("/" + one).Exists);
    }

    [Fact]
    public async Task A_container_that_is_left_running_runs_on()
    {
        var id = await CountingAsync();
        (await CheckpointAsync("--leave-running", id)).Succeeded();
        Assert.Equal("running", await _bundle.StatusAsync(id));
        await PassesAsync(Counted()[^1] + 2);
        AssertCountedThrough();
    }

    [Fact]
    public async Task Restore_waits_for_the_end_and_tells_how_it_was()
    {
        var spec = _bundle.Script("until [ -e /end ]; do sleep 0.05; done; exit 7");
        spec.Root!.Readonly = false;
        var id = await StartAsync(spec);
        (await CheckpointAsync(id)).Succeeded();
        File.WriteAllText(Path.Combine(_bundle.Root, "end"), "");
        // By the name of the one that ended by its checkpoint.
        (await _bundle.RunAsync(Criu("restore", "--image-path", Images, id))).FailedSaying("was a file when the checkpoint was taken");
        (await ShellAsync($"{Line("restore")} {id} </dev/null >>{_bundle.Output} 2>>{_bundle.Folder}/errors")).EndedWith(7);
        (await _bundle.RunAsync("state", id)).FailedSaying("does not exist");
    }

    [Fact]
    public async Task What_was_written_to_a_pipe_goes_to_the_pipe_that_restore_is_given()
    {
        _bundle.Write(Counter());
        var id = _bundle.NewId();
        await ShellAsync($"{TestTools.Runtime} --root {_bundle.State} run --detach {id} </dev/null 2>/dev/null | cat >>{_bundle.Output} 2>/dev/null &");
        await PassesAsync(2);
        (await CheckpointAsync(id)).Succeeded();
        await ShellAsync($"{Line("restore")} --detach {id} </dev/null 2>/dev/null | cat >>{_bundle.Output} 2>/dev/null &");
        await PassesAsync(Counted()[^1] + 2);
        AssertCountedThrough();
    }

    [Fact]
    public async Task A_network_that_was_joined_by_its_path_is_joined_again()
    {
        var (name, other) = ($"yun-{Guid.NewGuid():N}"[..15], $"yun-{Guid.NewGuid():N}"[..15]);
        try
        {
            (await ShellAsync($"ip netns add {name} && ip netns add {other} && ip -n {other} link add marked type bridge")).Succeeded();
            var spec = Counter();
            spec.Linux!.Namespaces!.Single(n => n.Type == "network").Path = $"/run/netns/{name}";
            var id = await CountingAsync(spec);
            (await CheckpointAsync(id)).Succeeded();
            spec.Linux.Namespaces!.Single(n => n.Type == "network").Path = $"/run/netns/{other}";
            _bundle.Write(spec);
            Assert.Contains("marked", (await _bundle.RunAsync("exec", await RestoreAsync(), "ls", "/sys/class/net")).Succeeded().Output);
        }
        finally
        {
            await ShellAsync($"ip netns delete {name}; ip netns delete {other}");
        }
    }

    [Fact]
    public async Task Open_connections_are_kept_when_asked_for()
    {
        // Both ends are in the container: what is typed goes round over TCP.
        var spec = _bundle.Script("ip link set lo up; (while true; do nc -l -p 99 -e cat; done) & sleep 0.3; i=0; while true; do i=$((i+1)); echo $i; sleep 0.05; done | nc 127.0.0.1 99");
        spec.Process!.Capabilities!.Bounding!.Add("CAP_NET_ADMIN");
        spec.Process.Capabilities.Permitted!.Add("CAP_NET_ADMIN");
        spec.Process.Capabilities.Effective!.Add("CAP_NET_ADMIN");
        var id = await CountingAsync(spec);
        (await CheckpointAsync(id)).FailedSaying("criu dump failed: ");
        var result = await CheckpointAsync("--tcp-established", id);
        Assert.SkipWhen(result.Error.Contains("need 4.2 for sockets"), result.Error);
        result.Succeeded();
        await RestoreAsync("--tcp-established");
        await PassesAsync(Counted()[^1] + 2);
        AssertCountedThrough();
    }

    [Fact]
    public async Task Folders_and_files_of_the_host_are_there_again()
    {
        var spec = Counter();
        var folder = Directory.CreateDirectory(Path.Combine(_bundle.Folder, "data")).FullName;
        File.WriteAllText(Path.Combine(folder, "file"), "of the host\n");
        File.CreateSymbolicLink(Path.Combine(_bundle.Folder, "link"), "data");
        File.CreateSymbolicLink(Path.Combine(_bundle.Root, "config"), "/etc");
        spec.Mounts =
        [
            .. spec.Mounts ?? [],
            new SpecMount { Destination = "/data", Type = "bind", Source = "link", Options = ["rbind", "ro"] },
            new SpecMount { Destination = "/config/one", Type = "bind", Source = Path.Combine(folder, "file"), Options = ["bind"] },
        ];
        var id = await CountingAsync(spec);
        (await CheckpointAsync(id)).Succeeded();
        var restored = await RestoreAsync();
        Assert.Equal("of the host\nof the host", (await _bundle.RunAsync("exec", restored, "cat", "/data/file", "/etc/one")).Succeeded().Text);
        Assert.Contains("Read-only file system", (await _bundle.RunAsync("exec", restored, "touch", "/data/new")).Error);
    }

    [Theory]
    [InlineData("soft")]
    [InlineData("full")]
    [InlineData("strict")]
    [InlineData("ignore")]
    public async Task In_every_mode_of_cgroups_it_is_in_its_new_one_within_its_limits(string mode)
    {
        var spec = Counter();
        spec.Linux!.Resources!.Pids = new() { Limit = 7 };
        var id = await CountingAsync(spec);
        var work = Path.Combine(_bundle.Folder, "work");
        (await CheckpointAsync("--manage-cgroups-mode", mode, "--work-path", work, id)).Succeeded();
        var restored = await RestoreAsync("--manage-cgroups-mode", mode, "--work-path", work);
        await PassesAsync(Counted()[^1] + 2);
        var cgroup = Cgroup.At("/" + restored);
        Assert.NotEmpty(cgroup.AllProcesses());
        Assert.Equal("7", File.ReadAllText(cgroup.DirectoryOf("pids") + "/pids.max").Trim());
        Assert.Equal(["dump.log", "restore.log"], Directory.GetFiles(work, "*.log").Select(Path.GetFileName).Order());
        (await _bundle.RunAsync("delete", "--force", restored)).Succeeded();
        Assert.False(cgroup.Exists);
    }

    [Fact]
    public async Task A_checkpoint_that_fails_says_why_in_words_of_CRIU_and_the_container_runs_on()
    {
        var spec = Counter();
        spec.Process!.Args = ["flock", "/lock", "sh", "-c", Counting];
        spec.Mounts = [.. spec.Mounts ?? [], .. OfTheHost("/usr/bin/flock"), .. OfTheHost("/lib"), .. OfTheHost("/lib64")];
        var id = await CountingAsync(spec);
        (await CheckpointAsync(id)).FailedSaying("criu dump failed: ").FailedSaying("--file-locks");
        Assert.Equal("running", await _bundle.StatusAsync(id));
        Assert.All(Directory.GetFiles(Images), file => Assert.EndsWith(".log", file));
        await PassesAsync(Counted()[^1] + 2);
        (await CheckpointAsync("--file-locks", id)).Succeeded();
        await RestoreAsync("--file-locks");
        await PassesAsync(Counted()[^1] + 2);
        AssertCountedThrough();
    }

    [Fact]
    public async Task Without_CRIU_the_container_runs_on_and_is_told_what_is_missing()
    {
        var id = await CountingAsync();
        (await _bundle.RunAsync("--criu", "/no/such/criu", "checkpoint", "--image-path", Images, id)).FailedSaying("/no/such/criu does not exist");
        Assert.Equal("running", await _bundle.StatusAsync(id));
        Assert.False(Directory.Exists(Images));
        Assert.Equal("false", await EnabledAsync("/no/such/criu"));
        Assert.Equal("true", await EnabledAsync(TestTools.Criu));
    }

    private async Task<string?> EnabledAsync(string criu)
    {
        using var features = JsonDocument.Parse((await _bundle.RunAsync("--criu", criu, "features")).Succeeded().Output);
        return features.RootElement.GetProperty("annotations").GetProperty("org.opencontainers.runc.checkpoint.enabled").GetString();
    }

    [Fact]
    public async Task An_old_CRIU_that_fails_is_told_by_its_version()
    {
        var id = await CountingAsync();
        (await _bundle.RunAsync("--criu", Program("old-criu", """
            case $1 in --version) echo "Version: 3.17.1"; exit;; esac
            echo "Error (criu/vdso.c:1): vdso: Unexpected rt vDSO area bounds" >&2
            exit 1
            """), "checkpoint", "--image-path", Images, id)).FailedSaying("Unexpected rt vDSO area bounds").FailedSaying("this is CRIU 3.17.1");
        Assert.Equal("running", await _bundle.StatusAsync(id));
    }

    [Fact]
    public async Task Where_breakpoints_are_never_reached_it_is_done_without_them()
    {
        // CRIU itself, but for what it does on such a machine when it is not told.
        var blind = Program("blind-criu", $"""
            case " $* $CRIU_FAULT" in *" --version "*|*" 130") exec {TestTools.Criu} "$@";; esac
            for word; do case $last in --work-dir) work=$word;; --log-file) log=$word;; esac; last=$word; done
            echo "(10.0) Waiting for 9 to trap" >"$work/$log"
            exit 1
            """);
        var id = await CountingAsync();
        (await _bundle.RunAsync("--criu", blind, "checkpoint", "--image-path", Images, id)).Succeeded();
        (await _bundle.QuietAsync("--criu", blind, "restore", "--image-path", Images, "--detach", id)).Succeeded();
        await PassesAsync(Counted()[^1] + 2);
        AssertCountedThrough();
    }

    private string Program(string name, string script)
    {
        var path = Path.Combine(_bundle.Folder, name);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0x1ed);
        return path;
    }

    [Fact]
    public async Task A_restore_that_fails_leaves_nothing_behind()
    {
        _bundle.Write(Counter());
        var id = _bundle.NewId();
        (await _bundle.RunAsync(Criu("restore", "--image-path", Images, id))).FailedSaying($"{Images} holds no checkpoint");
        Directory.CreateDirectory(Images);
        File.WriteAllText(Path.Combine(Images, "descriptors.json"), """["","",""]""");
        (await _bundle.RunAsync(Criu("restore", "--image-path", Images, id))).FailedSaying("criu restore failed: ");
        (await _bundle.RunAsync("state", id)).FailedSaying("does not exist");
        Assert.False(Cgroup.At("/" + id).Exists);
    }

    [Fact]
    public async Task Memory_is_written_ahead_where_the_kernel_tracks_what_changes()
    {
        var id = await CountingAsync();
        var ahead = await _bundle.RunAsync(Criu("checkpoint", "--pre-dump", "--image-path", Images + "/../ahead", id));
        Assert.Equal("running", await _bundle.StatusAsync(id));
        if (ahead.ExitCode != 0)
        {
            ahead.FailedSaying("criu pre-dump failed: Tracking memory is not available");
            Assert.Skip("This kernel does not track changed memory (CONFIG_MEM_SOFT_DIRTY).");
        }
        (await CheckpointAsync("--parent-path", "../ahead", id)).Succeeded();
        await RestoreAsync();
        await PassesAsync(Counted()[^1] + 2);
        AssertCountedThrough();
    }

    [Fact]
    public async Task A_container_with_a_user_namespace_is_refused_and_runs_on()
    {
        File.SetUnixFileMode(_bundle.Folder, (UnixFileMode)0x1ed);
        var spec = _bundle.Script("sleep 1000");
        Namespaces.WithUser(spec);
        var id = await StartAsync(spec);
        (await CheckpointAsync(id)).FailedSaying("it has a user namespace");
        Assert.Equal("running", await _bundle.StatusAsync(id));
    }

    [Fact]
    public async Task A_container_with_a_terminal_is_refused_and_runs_on()
    {
        var spec = _bundle.Script("sleep 1000");
        spec.Process!.Terminal = true;
        _bundle.Write(spec);
        var id = _bundle.NewId();
        await ShellAsync($"{TestTools.Runtime} --root {_bundle.State} run {id} </dev/null >/dev/null 2>&1 &");
        await Eventually.HoldsAsync(async () => (await _bundle.RunAsync("state", id)).Output.Contains("running"));
        (await CheckpointAsync(id)).FailedSaying("process.terminal is true");
        Assert.Equal("running", await _bundle.StatusAsync(id));
        Assert.Empty(Directory.GetFiles(Images));
    }

    [Fact]
    public async Task What_cannot_be_checkpointed_is_named()
    {
        var id = await _bundle.CreateAsync(Counter());
        (await CheckpointAsync(id)).FailedSaying("cannot checkpoint a container that is created");
        (await CheckpointAsync("--page-server", "host:1", id)).FailedSaying("--page-server is not supported");
        (await CheckpointAsync("--lazy-pages", id)).FailedSaying("--lazy-pages is not supported");
        (await CheckpointAsync("--parent-path", "/above", id)).FailedSaying("must be relative");
        (await CheckpointAsync("--manage-cgroups-mode", "some", id)).FailedSaying("must be soft, full, strict or ignore");
        (await CheckpointAsync("no-such-container")).FailedSaying("does not exist");
        var spec = Counter();
        spec.Hooks = new SpecHooks { CreateRuntime = [new SpecHook { Path = "/bin/true" }] };
        _bundle.Write(spec);
        Directory.CreateDirectory(Images);
        File.WriteAllText(Path.Combine(Images, "descriptors.json"), """["","",""]""");
        (await _bundle.RunAsync(Criu("restore", "--image-path", Images, _bundle.NewId()))).FailedSaying("hooks.createRuntime are not run by a restore");
    }
}
