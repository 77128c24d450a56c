using System.Text.Json;
using Yun.Oci;
using Yun.Tests.EndToEnd;
using Yun.Tests.Runtime.Commands;

namespace Yun.Tests.Runtime;

public sealed class HookTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    private string Told(string kind) => File.Exists(Path.Combine(_bundle.Folder, kind)) ? File.ReadAllText(Path.Combine(_bundle.Folder, kind)) : "";

    // Notes the state, the mount namespace, and whether the container's procfs can be seen below the bundle.
    private SpecHook Note(string kind, string more = "") => new()
    {
        Path = "/bin/sh",
        Args = ["sh", "-c", $"{{ cat; echo; readlink /proc/self/ns/mnt; echo $NOTE; grep -c ' {_bundle.Root}/proc ' /proc/self/mountinfo; true; }} >>{_bundle.Folder}/{kind}; {more}"],
        Env = ["NOTE=" + kind, "PATH=/usr/bin:/bin"],
    };

    [Theory, InlineData(true), InlineData(false)]
    public async Task Each_kind_runs_at_its_time_in_its_namespaces_with_the_state(bool withUser)
    {
        Directory.CreateDirectory(Path.Combine(_bundle.Root, "notes"));
        File.SetUnixFileMode(Path.Combine(_bundle.Root, "notes"), (UnixFileMode)0x1ff);
        File.SetUnixFileMode(_bundle.Folder, (UnixFileMode)0x1ff);
        var spec = _bundle.Script("cat /notes/inside; hostname; readlink /proc/self/ns/mnt");
        if (withUser) Namespaces.WithUser(spec);
        spec.Root!.Readonly = false;
        spec.Hooks = new SpecHooks
        {
            Prestart = [Note("prestart")],
            CreateRuntime = [Note("createRuntime", $"test -s {_bundle.Folder}/prestart")],
            CreateContainer = [Note("createContainer")],
            StartContainer = [new SpecHook { Path = "/bin/busybox", Args = ["sh", "-c", "{ cat; echo; cat /proc/1/comm; readlink /proc/self/ns/pid; readlink /proc/self/ns/net; } >/notes/inside"] }],
            Poststart = [Note("poststart")],
            Poststop = [Note("poststop")],
        };
        foreach (var attached in (bool[])[true, false])
        {
            var id = _bundle.NewId();
            _bundle.Write(spec);
            string output;
            if (attached) output = (await _bundle.RunAsync("run", id)).Succeeded().Output;
            else
            {
                (await _bundle.QuietAsync("create", id)).Succeeded();
                Assert.Equal("creating", StateIn("createContainer", id).Status);
                Assert.Equal("", Told("poststart"));
                (await _bundle.RunAsync("start", id)).Succeeded();
                await Eventually.HoldsAsync(async () => await _bundle.StatusAsync(id) == "stopped");
                (await _bundle.RunAsync("delete", id)).Succeeded();
                output = File.ReadAllText(_bundle.Output);
            }
            var host = File.ResolveLinkTarget("/proc/self/ns/mnt", false)!.Name;
            foreach (var (kind, status) in (ReadOnlySpan<(string, string)>)[("prestart", "creating"), ("createRuntime", "creating"), ("poststart", "running"), ("poststop", "stopped")])
            {
                Assert.Equal(status, StateIn(kind, id).Status);
                Assert.Equal([host, kind, "0"], Told(kind).Split('\n')[1..4]);
            }
            // In the container's mount namespace, where paths are still the host's and its mounts are below the bundle.
            var inside = Told("createContainer").Split('\n');
            Assert.NotEqual(host, inside[1]);
            Assert.Equal("1", inside[3]);
            Assert.Equal(output.Split('\n')[^2], inside[1]);
            Assert.Contains($"\"id\":\"{id}\"", output);
            Assert.Contains("\"status\":\"created\"", output);
            foreach (var kind in (string[])["prestart", "createRuntime", "createContainer", "poststart", "poststop"]) File.Delete(Path.Combine(_bundle.Folder, kind));
        }
    }

    private (string Id, string Status) StateIn(string kind, string id)
    {
        using var state = JsonDocument.Parse(Told(kind).Split('\n')[0]);
        Assert.Equal(id, state.RootElement.GetProperty("id").GetString());
        Assert.Equal(_bundle.Folder, state.RootElement.GetProperty("bundle").GetString());
        return (id, state.RootElement.GetProperty("status").GetString()!);
    }

    [Theory]
    [InlineData("echo the reason >&2; exit 3", null, "hook #0: exit status 3: the reason")]
    [InlineData("sleep 1013 & wait", 1, "hook #0: did not end within 1 seconds")]
    public async Task A_hook_that_fails_or_hangs_ends_the_start_and_leaves_nothing(string script, int? timeout, string words)
    {
        var hook = new SpecHook { Path = "/bin/sh", Args = ["sh", "-c", script], Env = ["PATH=/bin"], Timeout = timeout };
        foreach (var hooks in (SpecHooks[])[new() { Prestart = [hook] }, new() { CreateRuntime = [hook] }, new() { CreateContainer = [hook] }, new() { StartContainer = [hook] }, new() { Poststart = [hook] }])
        {
            var spec = _bundle.Script("sleep 1000");
            spec.Hooks = hooks;
            _bundle.Write(spec);
            var id = _bundle.NewId();
            (await _bundle.RunAsync("run", id)).FailedSaying(words);
            (await _bundle.RunAsync("state", id)).FailedSaying("does not exist");
            Assert.False(Yun.Linux.Cgroups.Cgroup.At("/" + id).Exists);
        }
        await Eventually.HoldsAsync(async () => (await new Command("pgrep", "-f", "^sleep 1013").RunAsync()).ExitCode == 1);
    }

    [Fact]
    public async Task A_hook_that_is_not_there_or_not_absolute_is_named()
    {
        var spec = _bundle.Script("true");
        spec.Hooks = new SpecHooks { Prestart = [new SpecHook { Path = "relative" }] };
        (await _bundle.RunAsync(spec)).FailedSaying("hooks.prestart[0].path: 'relative' is not an absolute path");
        spec.Hooks = new SpecHooks { Prestart = [new SpecHook { Path = "/no/such/hook" }] };
        (await _bundle.RunAsync(spec)).FailedSaying("error running prestart hook #0: exec /no/such/hook: no such file or directory");
    }

    [Fact]
    public async Task A_failing_poststop_hook_does_not_keep_the_container()
    {
        var spec = _bundle.Script("true");
        spec.Hooks = new SpecHooks { Poststop = [new SpecHook { Path = "/bin/false" }, Note("poststop")] };
        (await _bundle.RunAsync(spec)).Succeeded();
        Assert.Contains("stopped", Told("poststop"));
    }

    [Fact]
    public async Task Hooks_before_the_root_is_entered_can_mount_into_it()
    {
        File.WriteAllText(Path.Combine(_bundle.Folder, "one"), "one\n");
        File.WriteAllText(Path.Combine(_bundle.Folder, "two"), "two\n");
        foreach (var name in (string[])["one", "two"]) File.WriteAllText(Path.Combine(_bundle.Root, name), "");
        var spec = _bundle.Script("cat /one /two");
        SpecHook Mount(string script) => new() { Path = "/bin/sh", Args = ["sh", "-c", script], Env = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"] };
        spec.Hooks = new SpecHooks
        {
            CreateRuntime = [Mount($"pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); nsenter -m -t $pid mount --bind {_bundle.Folder}/one {_bundle.Root}/one")],
            CreateContainer = [Mount($"mount --bind {_bundle.Folder}/two ./two")],
        };
        Assert.Equal("one\ntwo\n", (await _bundle.RunAsync(spec)).Succeeded().Output);
        Assert.Equal("", File.ReadAllText(Path.Combine(_bundle.Root, "one")));
    }

    [Fact]
    public async Task A_program_of_the_image_that_is_a_hook_has_no_more_rights_than_the_container()
    {
        var spec = _bundle.Script("cat /notes");
        spec.Root!.Readonly = false;
        spec.Linux!.Seccomp = new() { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = [new() { Names = ["mkdir", "mkdirat"], Action = "SCMP_ACT_KILL_PROCESS" }] };
        spec.Hooks = new SpecHooks { StartContainer = [new SpecHook { Path = "/bin/sh", Args = ["sh", "-c", "grep CapEff /proc/self/status | tr '\\t' ' ' >/notes"] }] };
        Assert.Equal("CapEff: 0000000020000420", (await _bundle.RunAsync(spec)).Succeeded().Text);
        spec.Hooks.StartContainer[0].Args = ["sh", "-c", "exec mkdir /dev/shm/x"];
        (await _bundle.RunAsync(spec)).FailedSaying("error running startContainer hook #0: ended by signal 31 (bad system call)");
    }
}
