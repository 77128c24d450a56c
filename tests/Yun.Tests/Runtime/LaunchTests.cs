using Yun.Linux;
using Yun.Oci;
using Yun.Runtime;

namespace Yun.Tests.Runtime;

public sealed class LaunchTests : IDisposable
{
    private readonly BusyboxBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    [Fact]
    public void No_start_hangs_while_the_collector_runs_without_pause()
    {
        var starts = Environment.GetEnvironmentVariable("YUN_SOAK") == "1" ? 10_000 : 1_000;
        using var stop = new CancellationTokenSource();
        var collectors = Enumerable.Range(0, 2).Select(_ => new Thread(() => Collect(stop.Token))).ToList();
        collectors.ForEach(thread => thread.Start());
        var before = GC.CollectionCount(0);
        try
        {
            var spec = _bundle.Spec("/bin/true");
            for (var i = 0; i < starts; i++)
            {
                using var process = ContainerLauncher.Launch(new LaunchRequest { Id = "gc", Spec = spec, Bundle = _bundle.Folder });
                Assert.Equal(0, ProcessDescriptor.Wait(process.PidFd).Code);
            }
        }
        finally
        {
            stop.Cancel();
            collectors.ForEach(thread => thread.Join());
        }
        Assert.True(GC.CollectionCount(0) - before > starts / 10, "the collector did not run enough to show anything");
    }

    [Fact]
    public void Nothing_of_ours_is_inherited()
    {
        var spec = _bundle.Spec("sh", "-c", "umask; grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status | tr -d '\\t'; cat /proc/self/oom_score_adj; ls /proc/self/fd | wc -l; cat /proc/keys 2>/dev/null; echo done");
        var before = Signals.SetMask(1UL << 14);
        try
        {
            var (code, output) = _bundle.Run(spec);
            Assert.Equal(0, code);
            // The four descriptors are 0, 1, 2 and the folder that ls reads.
            Assert.Equal("0022\nSigBlk:0000000000000000\nSigIgn:0000000000000000\nSigCgt:0000000000000000\n0\n4\ndone\n", output);
        }
        finally
        {
            Signals.SetMask(before);
        }
    }

    [Fact]
    public void The_process_is_who_the_spec_says()
    {
        var spec = _bundle.Spec("sh", "-c", "id -u; id -g; id -G; grep -E 'Cap|NoNewPrivs' /proc/self/status | tr '\\t' ' '; cat /proc/sys/kernel/hostname; pwd; umask");
        spec.Process!.User = new SpecUser { Uid = 1000, Gid = 1001, AdditionalGids = [1001, 5], Umask = 0x3f };
        spec.Process.Cwd = "/tmp";
        var (_, output) = _bundle.Run(spec);
        Assert.Equal("1000\n1001\n1001 5\nCapInh: 0000000000000000\nCapPrm: 0000000000000000\nCapEff: 0000000000000000\nCapBnd: 0000000020000420\nCapAmb: 0000000000000000\nNoNewPrivs: 1\nyun\n/tmp\n0077\n", output);
    }

    [Fact]
    public void Only_what_the_spec_mounts_can_be_seen()
    {
        var (_, output) = _bundle.Run(_bundle.Spec("sh", "-c", "cut -d' ' -f5 /proc/self/mountinfo"));
        Assert.Equal("/", output.Split('\n')[0]);
        Assert.All(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1), mount => Assert.Matches("^/(proc|dev|sys)(/|$)", mount));
    }

    [Fact]
    public void Masked_paths_read_as_nothing_and_read_only_paths_stay_so()
    {
        var (_, output) = _bundle.Run(_bundle.Spec("sh", "-c", "cat /proc/keys /proc/timer_list; ls /sys/firmware; echo x 2>/dev/null >/proc/sys/kernel/domainname || echo refused; mount -o remount,rw /proc/sys 2>/dev/null || echo refused"));
        Assert.Equal("refused\nrefused\n", output);
    }

    [Fact]
    public void A_filter_of_system_calls_holds()
    {
        var spec = _bundle.Spec("sh", "-c", "mkdir /tmp/x; echo $?; grep Seccomp: /proc/self/status | tr '\\t' ' '");
        spec.Linux!.Seccomp = new SpecSeccomp { DefaultAction = "SCMP_ACT_ALLOW", Architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"], Syscalls = [new SpecSyscall { Names = ["mkdir", "mkdirat"], Action = "SCMP_ACT_ERRNO", ErrnoRet = 1 }] };
        Assert.Equal("mkdir: can't create directory '/tmp/x': Operation not permitted\n1\nSeccomp: 2\n", _bundle.Run(spec).Output);
    }

    [Theory]
    [InlineData("nosuch", "exec: \"nosuch\": executable file not found in $PATH", Errno.ENOENT)]
    [InlineData("/nosuch", "exec: \"/nosuch\": stat /nosuch: no such file or directory", Errno.ENOENT)]
    [InlineData("/etc", "exec: \"/etc\": permission denied", Errno.EACCES)]
    public void A_program_that_cannot_run_is_named(string program, string message, Errno errno)
    {
        var error = Assert.Throws<LaunchException>(() => _bundle.Launch(_bundle.Spec(program)));
        Assert.EndsWith(message, error.Message);
        Assert.Equal(errno, error.Errno);
        Assert.True(error.IsProgramFault);
    }

    [Fact]
    public void A_failed_step_is_named_and_leaves_no_cgroup()
    {
        var spec = _bundle.Spec("/bin/true");
        spec.Linux!.Sysctl = new() { ["net.ipv4.no_such_parameter"] = "1" };
        var error = Assert.Throws<LaunchException>(() => _bundle.Launch(spec));
        Assert.Contains("open the kernel parameter net.ipv4.no_such_parameter: no such file or directory", error.Message);
        Assert.Empty(Directory.GetDirectories("/sys/fs/cgroup", Path.GetFileName(spec.Linux.CgroupsPath!), SearchOption.AllDirectories));
    }

    [Fact]
    public void A_program_inside_proc_self_fd_leads_nowhere_on_the_host()
    {
        for (var descriptor = 3; descriptor < 64; descriptor++)
        {
            var spec = _bundle.Spec("pwd");
            spec.Process!.Cwd = $"/proc/self/fd/{descriptor}";
            Assert.Throws<LaunchException>(() => _bundle.Launch(spec));
        }
    }

    [Fact]
    public void A_second_process_joins_and_its_exit_code_arrives()
    {
        using var container = _bundle.Launch(_bundle.Spec("sleep", "1000"));
        var spec = _bundle.Spec("sh", "-c", "hostname; ls /proc/self/fd | wc -l; cat /proc/1/comm; grep CapEff /proc/self/status | tr '\\t' ' '; exit 9");
        using var pipe = new Pipe();
        using var process = ContainerLauncher.Launch(new LaunchRequest { Id = "exec", Spec = spec, JoinPid = container.Pid, StdoutFd = (int)pipe.Write.DangerousGetHandle() });
        pipe.Write.Dispose();
        using var reader = new StreamReader(new FileStream(pipe.Read, FileAccess.Read, 1));
        Assert.Equal("yun\n4\nsleep\nCapEff: 0000000020000420\n", reader.ReadToEnd());
        Assert.Equal(9, ProcessDescriptor.Wait(process.PidFd).Code);
        ProcessDescriptor.Signal(container.PidFd, 9);
        Assert.Equal(137, ProcessDescriptor.Wait(container.PidFd).Code);
    }

    [Fact]
    public void A_terminal_is_the_containers_own()
    {
        var spec = _bundle.Spec("sh", "-c", "tty; stty size; ls -l /dev/console | cut -c1");
        spec.Process!.Terminal = true;
        spec.Process.ConsoleSize = new SpecBox { Height = 33, Width = 77 };
        using var process = _bundle.Launch(spec);
        Assert.Equal(0, ProcessDescriptor.Wait(process.PidFd).Code);
        var buffer = new byte[4096];
        var length = 0;
        // One line may come at a time; after the last one there is only EIO.
        while (Descriptors.Read(process.Terminal!, buffer.AsSpan(length), out _) is > 0 and var count) length += count;
        Assert.Equal("/dev/pts/0\r\n33 77\r\nc\r\n", System.Text.Encoding.ASCII.GetString(buffer, 0, length));
    }

    private static void Collect(CancellationToken stop)
    {
        var kept = new List<byte[]>();
        while (!stop.IsCancellationRequested)
        {
            kept.Add(new byte[1000]);
            if (kept.Count % 100 == 0) GC.Collect(0);
            if (kept.Count > 2000) kept.Clear();
        }
    }
}
