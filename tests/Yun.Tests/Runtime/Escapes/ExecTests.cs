using Yun.Linux;
using Yun.Oci;
using Yun.Runtime;

namespace Yun.Tests.Runtime.Escapes;

/// <summary>What a container can get hold of while another process joins it.</summary>
public sealed class ExecTests : IDisposable
{
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
        var ours = Environment.ProcessPath!;
        var cgroup = Yun.Linux.Cgroups.Cgroup.At(_bundle.LastCgroup);
        var stop = false;
        var (seen, wrong) = (0, new List<string>());
        var spy = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
                foreach (var pid in cgroup.Processes())
                {
                    if (pid == container.Pid || InPidNamespaceOf(container.Pid, pid) != true || Link($"/proc/{pid}/exe") is not { } exe || exe == "/bin/busybox") continue;
                    var found = new List<string>();
                    if (exe == ours || !exe.StartsWith("/memfd:", StringComparison.Ordinal)) found.Add($"exe {exe}");
                    foreach (var descriptor in Entries($"/proc/{pid}/fd"))
                        if (Link(descriptor) is { } target && target != "/dev/null" && !target.StartsWith("pipe:", StringComparison.Ordinal)) found.Add($"{descriptor} {target}");
                    foreach (var line in Lines($"/proc/{pid}/maps"))
                        if (line.Contains('/', StringComparison.Ordinal) || line.Contains("[heap]", StringComparison.Ordinal)) found.Add(line);
                    foreach (var line in Lines($"/proc/{pid}/status"))
                        if (line.StartsWith("CapEff:", StringComparison.Ordinal) && line != "CapEff:\t0000000020000420") found.Add(line);
                    // What was read after the process became its program says nothing.
                    if (Link($"/proc/{pid}/exe") != exe) continue;
                    seen++;
                    wrong.AddRange(found);
                }
        });
        spy.Start();
        try
        {
            for (var i = 0; i < 200 || (seen == 0 && i < 2000); i++)
            {
                using var process = ContainerLauncher.Launch(new LaunchRequest { Id = "exec", Spec = Slow(), JoinPid = container.Pid });
                Assert.Equal(0, ProcessDescriptor.Wait(process.PidFd).Code);
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            spy.Join();
            ProcessDescriptor.Signal(container.PidFd, 9);
            ProcessDescriptor.Wait(container.PidFd);
        }
        Assert.True(seen > 0, "no process was met on its way in");
        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void CVE_2019_5736_a_container_cannot_open_what_joins_it_through_proc()
    {
        var spec = _bundle.Spec("sh", "-c", "while true; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] || { readlink $p/exe; ls $p/fd; } 2>/dev/null; done; done | grep -v -e '^/bin/busybox$' -e '^[0-9]*$'");
        using var pipe = new Pipe();
        using var container = _bundle.Launch(spec, request => request with { StdoutFd = (int)pipe.Write.DangerousGetHandle() });
        pipe.Write.Dispose();
        for (var i = 0; i < 200; i++)
        {
            using var process = ContainerLauncher.Launch(new LaunchRequest { Id = "exec", Spec = Slow(), JoinPid = container.Pid });
            ProcessDescriptor.Wait(process.PidFd);
        }
        ProcessDescriptor.Signal(container.PidFd, 9);
        ProcessDescriptor.Wait(container.PidFd);
        using var reader = new StreamReader(new FileStream(pipe.Read, FileAccess.Read, 1));
        Assert.Equal("", reader.ReadToEnd());
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
