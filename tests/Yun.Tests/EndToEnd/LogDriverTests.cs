using System.Diagnostics;
using System.Text.Json;
using Yun.Tests.RegistryApi;

namespace Yun.Tests.EndToEnd;

/// <summary>Logs that go elsewhere too: to the distribution's own rsyslog and systemd-journald.</summary>
public sealed class LogDriverTests
{
    [Theory]
    [InlineData("unixgram", "rfc3164")]
    [InlineData("udp", "rfc3164")]
    [InlineData("tcp", "rfc5424micro")]
    public async Task Syslog_gets_each_line_with_tag_and_severity_and_logs_tells_them_too(string transport, string format)
    {
        using var folder = new ScratchFolder();
        using var syslog = await Syslog.StartAsync(folder, transport);
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        await daemon.Docker.TextAsync("run", "--name", "web", "--log-driver", "syslog", "--log-opt", $"syslog-address={syslog.Address}", "--log-opt", "syslog-facility=local3", "--log-opt", $"syslog-format={format}",
            "--log-opt", "tag=shop-{{.Name}}", "busybox", "sh", "-c", "echo one; echo two >&2");
        await Eventually.HoldsAsync(() => Task.FromResult(syslog.Lines.Length == 2));
        Assert.Equal(["local3.err shop-web two", "local3.info shop-web one"], syslog.Lines.Order());
        Assert.Equal("one\n", (await daemon.Docker.RunAsync("logs", "web")).Succeeded().Output);
        Assert.Equal("syslog", await daemon.Docker.TextAsync("inspect", "-f", "{{.HostConfig.LogConfig.Type}}", "web"));
    }

    [Fact]
    public async Task No_record_is_lost_while_the_daemon_or_the_server_is_away()
    {
        using var folder = new ScratchFolder();
        var syslog = await Syslog.StartAsync(folder, "tcp");
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        await daemon.Docker.TextAsync("run", "-d", "--name", "counts", "--log-driver", "syslog", "--log-opt", $"syslog-address={syslog.Address}", "busybox", "sh", "-c", "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i; sleep 0.01; done");
        await Eventually.HoldsAsync(() => Task.FromResult(syslog.Lines.Length > 20));
        await daemon.KillAsync();
        await Task.Delay(500, TestContext.Current.CancellationToken);
        await daemon.StartAgainAsync();
        await daemon.Docker.TextAsync("wait", "counts");
        await Eventually.HoldsAsync(() => Task.FromResult(Numbers().Count == 400));
        syslog.Dispose();

        HashSet<string> Numbers() => [.. syslog.Lines.Select(line => line.Split(' ')[^1])];
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_told_at_the_start_and_leaves_nothing()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync();
        (await daemon.Docker.RunAsync("run", "--rm", "--log-driver", "syslog", "--log-opt", $"syslog-address=tcp://127.0.0.1:{LoopbackPort.Free()}", "busybox", "true")).EndedWith(125).FailedSaying("failed to initialize logging driver: cannot connect to syslog at 127.0.0.1");
        (await daemon.Docker.RunAsync("run", "--rm", "--log-driver", "syslog", "--log-opt", "syslog-address=pigeon://loft", "busybox", "true")).EndedWith(125).FailedSaying("syslog-address should be in form proto://address, got pigeon://loft");
        (await daemon.Docker.RunAsync("run", "--rm", "--log-driver", "syslog", "--log-opt", "max-size=1m", "busybox", "true")).EndedWith(125).FailedSaying("unknown log opt 'max-size' for syslog log driver");
        (await daemon.Docker.RunAsync("run", "--rm", "--log-driver", "splunk", "busybox", "true")).EndedWith(125).FailedSaying("no log driver named 'splunk' is registered");
        Assert.Empty((await daemon.Docker.RunAsync("ps", "-aq")).Lines);
    }

    [Fact]
    public async Task The_journal_gets_each_line_with_the_container_s_names()
    {
        const string journald = "/lib/systemd/systemd-journald";
        if (!File.Exists(journald)) Assert.Skip("this machine has no systemd-journald");
        // In a mount namespace with a /run of its own, so that this machine's journal, if it has one, stays as it is.
        using var journal = new Command("unshare", "--mount", "--propagation", "private", "sh", "-c", $"mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal && exec {journald}").Start();
        try
        {
            await Eventually.HoldsAsync(() => Task.FromResult(File.Exists($"/proc/{journal.Id}/root/run/systemd/journal/socket")));
            await using var daemon = await Daemon.StartInNamespacesAsync($"--mount=/proc/{journal.Id}/ns/mnt");
            await daemon.Docker.TextAsync("run", "--name", "web", "--label", "team=red", "--log-driver", "journald", "--log-opt", "labels=team", "busybox", "sh", "-c", "echo one; echo two >&2");
            await Eventually.HoldsAsync(async () => (await EntriesAsync()).Count == 2);
            Assert.Equal([("one", "6", "red"), ("two", "3", "red")], (await EntriesAsync()).Order());
            Assert.Equal("one\n", (await daemon.Docker.RunAsync("logs", "web")).Succeeded().Output);
        }
        finally
        {
            journal.Kill();
            await journal.WaitForExitAsync(CancellationToken.None);
        }

        async Task<List<(string Message, string Priority, string Team)>> EntriesAsync()
        {
            var found = await new Command("journalctl", "-D", $"/proc/{journal.Id}/root/run/log/journal", "--no-pager", "-q", "-o", "json", "CONTAINER_NAME=web").RunAsync();
            return [.. found.Lines.Select(line => JsonDocument.Parse(line).RootElement).Select(entry => (entry.GetProperty("MESSAGE").GetString()!, entry.GetProperty("PRIORITY").GetString()!, entry.GetProperty("TEAM").GetString()!))];
        }
    }

    [Fact]
    public async Task A_log_is_bounded_unless_it_is_asked_not_to_be()
    {
        await using var daemon = await Daemon.StartWithBusyboxAsync("--log-opt", "max-size=64k", "--log-opt", "max-file=2");
        await daemon.Docker.TextAsync("run", "--name", "bounded", "busybox", "seq", "20000");
        await daemon.Docker.TextAsync("run", "--name", "unbounded", "--log-opt", "max-size=-1", "--log-opt", "max-file=1", "busybox", "seq", "20000");
        Assert.InRange((await daemon.Docker.RunAsync("logs", "bounded")).Lines.Length, 500, 3000);
        Assert.Equal(20000, (await daemon.Docker.RunAsync("logs", "unbounded")).Lines.Length);
        Assert.Equal("20000", (await daemon.Docker.RunAsync("logs", "bounded")).Lines[^1]);
    }

    /// <summary>rsyslogd, which writes what comes as <c>facility.severity tag text</c>.</summary>
    private sealed class Syslog : IDisposable
    {
        private readonly Process _process;
        private readonly string _log;

        private Syslog(Process process, string address, string log) => (_process, Address, _log) = (process, address, log);

        internal string Address { get; }

        internal string[] Lines => File.Exists(_log) ? File.ReadAllLines(_log) : [];

        internal static async Task<Syslog> StartAsync(ScratchFolder folder, string transport)
        {
            var program = ContainerTools.Unpacked("rsyslog");
            var libraries = string.Join(':', new[] { "libestr0", "libfastjson4" }.Select(package => $"{ContainerTools.Unpacked(package)}/usr/lib/x86_64-linux-gnu"));
            var port = LoopbackPort.Free();
            var (input, address) = transport switch
            {
                "udp" => ($"module(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\")", $"udp://127.0.0.1:{port}"),
                "tcp" => ($"module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")", $"tcp://127.0.0.1:{port}"),
                _ => ($"module(load=\"imuxsock\" SysSock.Use=\"off\")\ninput(type=\"imuxsock\" Socket=\"{folder["log.sock"]}\")", $"unixgram://{folder["log.sock"]}"),
            };
            folder.Write("rsyslog.conf", $$"""
                global(workDirectory="{{folder.Path}}")
                {{input}}
                template(name="short" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname%%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf%\n")
                *.* action(type="omfile" file="{{folder["out.log"]}}" template="short")
                """);
            var command = new Command($"{program}/usr/sbin/rsyslogd", "-n", "-f", folder["rsyslog.conf"], "-i", folder["rsyslog.pid"], "-M", $"{program}/usr/lib/x86_64-linux-gnu/rsyslog");
            command.Environment["LD_LIBRARY_PATH"] = libraries;
            var process = command.Start();
            await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(folder["rsyslog.pid"]) && (transport != "unixgram" || File.Exists(folder["log.sock"]))));
            if (transport == "tcp") await Eventually.HoldsAsync(async () => (await new Command("bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{port}").RunAsync()).ExitCode == 0);
            return new Syslog(process, address, folder["out.log"]);
        }

        public void Dispose()
        {
            if (!_process.HasExited) _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
