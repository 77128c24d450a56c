using Yun.Linux;
using Yun.Oci;
using Yun.Runtime;

namespace Yun.Tests.Runtime.Escapes;

/// <summary>What a container can get hold of while another process joins it.</summary>
public sealed class ExecTests : IDisposable
{
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("YUN_SOAK") == "1" ? 60 : 5);
    private readonly BusyboxBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    // Some thousands of folders to look for the program in: so long the process is in the container and not yet its program.
    private RuntimeSpec Slow()
    {
        var spec = _bundle.Spec("true");
        spec.Process!.Env = ["PATH=" + string.Join(':', Enumerable.Range(0, 3000).Select(i => $"/no/{i}")) + ":/bin"];
        return spec;
    }

    [Fact]
    public void CVE_2016_9962_and_CVE_2019_5736_a_joining_process_shows_nothing_of_ours()
    {
        using var container = _bundle.Launch(_bundle.Spec("sleep", "1000"));
        var (seen, wrong) = Watch(container.Pid, "CapEff:\t0000000020000420", met => Join(container, met));
        End(container);
        Assert.True(seen > 0, "no process was met on its way in");
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_same_watch_sees_what_nsenter_shows()
    {
        using var container = _bundle.Launch(_bundle.Spec("sleep", "1000"));
        var (_, wrong) = Watch(container.Pid, "CapEff:\t0000000020000420", met => Naively(container.Pid, met));
        End(container);
        Assert.Contains(wrong, w => w.StartsWith("exe ", StringComparison.Ordinal));
        Assert.Contains(wrong, w => w.StartsWith("CapEff", StringComparison.Ordinal));
        Assert.Contains(wrong, w => w.Contains(".so", StringComparison.Ordinal));
    }

    // A container whose root may trace whatever it sees looks at every process that comes. grep ends with each round, or what it had found would end with the container.
    private string Watching(Action<LaunchedProcess> join)
    {
        var spec = _bundle.Spec("sh", "-c", "while true; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || { readlink $p/exe; ls -l $p/fd | sed -n 's/.* -> //p'; } 2>/dev/null; done | grep -v -e '^/bin/busybox$' -e '^/memfd:' -e '^pipe:' -e '^/dev/null$' -e '^/proc/[0-9]*/fd'; done");
        var list = spec.Process!.Capabilities!;
        foreach (var set in (List<string>?[])[list.Bounding, list.Effective, list.Permitted]) set!.Add("CAP_SYS_PTRACE");
        using var pipe = new Pipe();
        using var container = _bundle.Launch(spec, request => request with { StdoutFd = (int)pipe.Write.DangerousGetHandle() });
        pipe.Write.Dispose();
        join(container);
        End(container);
        using var reader = new StreamReader(new FileStream(pipe.Read, FileAccess.Read, 1));
        return reader.ReadToEnd();
    }

    [Fact]
    public void CVE_2019_5736_a_container_cannot_open_what_joins_it_through_proc() => Assert.Equal("", Watching(container => Join(container, () => false)));

    [Fact]
    public void The_same_container_finds_the_program_of_nsenter() => Assert.Contains("/nsenter", Watching(container => Naively(container.Pid, () => false)), StringComparison.Ordinal);

    // Joins for as long as the race lasts, and on until a process was met.
    private void Join(LaunchedProcess container, Func<bool> met)
    {
        for (var until = DateTime.UtcNow + s_duration; DateTime.UtcNow < until || (!met() && DateTime.UtcNow < until + s_duration);)
        {
            using var process = ContainerLauncher.Launch(new LaunchRequest { Id = "exec", Spec = Slow(), JoinPid = container.Pid });
            Assert.Equal(0, ProcessDescriptor.Wait(process.PidFd).Code);
        }
    }

    // Namespaces, then a fork, then the program, with everything that one had: as runtimes did it before they were told.
    private void Naively(int pid, Func<bool> met)
    {
        var groups = string.Join(' ', Yun.Linux.Cgroups.Cgroup.At(_bundle.LastCgroup).JoinFiles());
        var slow = string.Join(':', Enumerable.Range(0, 3000).Select(i => $"/no/{i}")) + ":/bin";
        for (var until = DateTime.UtcNow + s_duration; DateTime.UtcNow < until && !met();)
            new EndToEnd.Command("/bin/sh", "-c", $"for group in {groups}; do echo $$ >$group; done; PATH={slow}; exec /usr/bin/nsenter --target {pid} --mount --uts --ipc --net --pid true").RunAsync().GetAwaiter().GetResult();
    }

    private static void End(LaunchedProcess container)
    {
        ProcessDescriptor.Signal(container.PidFd, 9);
        ProcessDescriptor.Wait(container.PidFd);
    }

    /// <summary>Looks from the host at what has entered the container's PID namespace and is not its program yet. Gives how often something was met, and what it showed.</summary>
    private (int Seen, List<string> Wrong) Watch(int container, string capabilities, Action<Func<bool>> join)
    {
        var cgroup = Yun.Linux.Cgroups.Cgroup.At(_bundle.LastCgroup);
        var (stop, seen, wrong) = (false, 0, new HashSet<string>());
        var spy = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
                foreach (var pid in cgroup.Processes())
                {
                    if (pid == container || InPidNamespaceOf(container, pid) != true || Link($"/proc/{pid}/exe") is not { } exe || exe == "/bin/busybox") continue;
                    var found = new List<string>();
                    if (!exe.StartsWith("/memfd:", StringComparison.Ordinal)) found.Add($"exe {exe}");
                    foreach (var descriptor in Entries($"/proc/{pid}/fd"))
                        if (Link(descriptor) is { } target && target != "/dev/null" && !target.StartsWith("pipe:", StringComparison.Ordinal)) found.Add($"{descriptor} {target}");
                    foreach (var line in Lines($"/proc/{pid}/maps"))
                        if (line.Contains('/', StringComparison.Ordinal) || line.Contains("[heap]", StringComparison.Ordinal)) found.Add(line);
                    foreach (var line in Lines($"/proc/{pid}/status"))
                        if (line.StartsWith("CapEff:", StringComparison.Ordinal) && line != capabilities) found.Add(line);
                    // What was read after the process became its program says nothing.
                    if (Link($"/proc/{pid}/exe") != exe) continue;
                    wrong.UnionWith(found);
                    Interlocked.Increment(ref seen);
                }
        });
        spy.Start();
        try { join(() => Volatile.Read(ref seen) > 0); }
        finally
        {
            Volatile.Write(ref stop, true);
            spy.Join();
        }
        return (seen, [.. wrong]);
    }

    [Fact]
    public void CVE_2024_21626_no_descriptor_of_ours_becomes_the_working_directory_of_a_joining_process()
    {
        using var container = _bundle.Launch(_bundle.Spec("sleep", "1000"));
        for (var descriptor = 3; descriptor < 48; descriptor++)
        {
            var spec = _bundle.Spec("pwd");
            spec.Process!.Cwd = $"/proc/self/fd/{descriptor}";
            Assert.Throws<LaunchException>(() => ContainerLauncher.Launch(new LaunchRequest { Id = "exec", Spec = spec, JoinPid = container.Pid }));
        }
        ProcessDescriptor.Signal(container.PidFd, 9);
        ProcessDescriptor.Wait(container.PidFd);
    }

    private static bool? InPidNamespaceOf(int container, int pid) => Link($"/proc/{pid}/ns/pid") is { } own ? own == Link($"/proc/{container}/ns/pid") : null;

    private static string? Link(string path)
    {
        try { return new FileInfo(path).LinkTarget; }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { return null; }
    }

    private static string[] Entries(string path)
    {
        try { return Directory.GetFileSystemEntries(path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { return []; }
    }

    private static string[] Lines(string path)
    {
        try { return File.ReadAllLines(path); }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { return []; }
    }
}
