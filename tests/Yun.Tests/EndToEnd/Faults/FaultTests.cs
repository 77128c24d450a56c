using System.Net;
using System.Text.Json;

namespace Yun.Tests.EndToEnd;

/// <summary>
/// The daemon is killed at a system call, or the kernel refuses it one, while it makes, runs and removes things: at a few calls chosen by chance, at every one in <c>make soak</c>.
/// What runs goes on, what failed is told in a sentence, and nothing is left.
/// </summary>
public sealed class FaultTests : IAsyncLifetime
{
    private const int EIO = 5, EMFILE = 24, ENOSPC = 28;

    private static readonly bool s_everyCall = Environment.GetEnvironmentVariable("YUN_SOAK") == "1";
    private static readonly int s_some = int.TryParse(Environment.GetEnvironmentVariable("YUN_FAULTS"), out var some) ? some : 6;

    private static readonly string[] s_kernelCalls =
    [
        "fsync", "fdatasync", "pwrite64", "create", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "link", "linkat",
        "fsopen", "fsconfig", "fsmount", "open_tree", "move_mount", "mount_setattr", "mount", "umount2", "sendmsg", "sendto", "setns", "unshare",
    ];

    private Daemon _daemon = null!;
    private PlainApi _api = null!;
    private int _port;

    public async ValueTask InitializeAsync()
    {
        _daemon = await Daemon.StartWithBusyboxAsync();
        _api = new PlainApi(_daemon);
        _port = LoopbackPort.Free();
        await _daemon.Docker.TextAsync("run", "-d", "--name", "stays", "-p", $"{_port}:80", "busybox", "sh", "-c", "echo page > /index.html; exec httpd -f -p 80 -h /");
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task Killed_at_any_call_the_daemon_comes_back_to_what_runs_and_leaves_nothing()
    {
        using var faults = new Faults(_daemon.DataRoot, s_kernelCalls);
        await _daemon.StartAgainWithAsync(faults);
        foreach (var number in await CallsAsync(faults, s_some))
        {
            faults.KillAt(number);
            try
            {
                await LifeAsync(mayFail: true);
            }
            catch (HttpRequestException)
            {
                // It died in the middle of this.
            }
            var died = faults.Done > 0;
            faults.Off();
            // No two lives make the same number of calls: this one may have ended before.
            if (!died) continue;
            await Eventually.HoldsAsync(() => Task.FromResult(_daemon.HasEnded));
            await AssertServesAsync();
            await _daemon.StartAgainAsync();
            await AssertWholeAsync($"killed at call {number}");
        }
    }

    [Theory]
    [InlineData(ENOSPC, "write,pwrite64,fsync,fdatasync,ftruncate,create,mkdir,mkdirat,rename,renameat,renameat2,link,linkat")]
    [InlineData(EIO, "read,pread64,write,pwrite64,fsync,fdatasync,openat,openat2,unlink,unlinkat,rename,renameat,renameat2")]
    [InlineData(EMFILE, "openat,openat2,open,socket,accept4,pipe2,dup,epoll_create1,memfd_create,fsopen,fsmount,open_tree")]
    public async Task A_refused_call_is_told_in_a_sentence_or_survived(int errno, string calls)
    {
        using var faults = new Faults(_daemon.DataRoot, calls.Split(','));
        await _daemon.StartAgainWithAsync(faults);
        foreach (var number in await CallsAsync(faults, s_some))
        {
            faults.FailAt(number, errno);
            try
            {
                await LifeAsync(mayFail: true);
            }
            catch (HttpRequestException gone)
            {
                Assert.Fail($"The daemon does not answer after errno {errno} at call {number}: {gone.Message}\n{_daemon.Log}");
            }
            faults.Off();
            await AssertWholeAsync($"errno {errno} at call {number}");
        }
    }

    /// <summary>Numbers of the calls of a life without faults.</summary>
    private async Task<IEnumerable<long>> CallsAsync(Faults faults, int some)
    {
        await LifeAsync();
        faults.Count();
        await LifeAsync();
        var all = faults.Counted;
        faults.Off();
        Assert.True(all > some, $"only {all} calls were counted");
        if (s_everyCall) return Enumerable.Range(1, (int)all).Select(number => (long)number);
        // One of each part, so that no part of the life is left out.
        return Enumerable.Range(0, some).Select(part => all * part / some + 1 + Random.Shared.NextInt64(all / some));
    }

    /// <summary>Makes and removes one of everything, by steps of which each is refused in words or done.</summary>
    private async Task LifeAsync(bool mayFail = false)
    {
        var port = LoopbackPort.Free();
        foreach (var (method, path, body) in new[]
        {
            ("POST", "/networks/create", """{"Name":"passing"}"""),
            ("POST", "/volumes/create", """{"Name":"passing"}"""),
            ("POST", "/containers/create?name=passes", $$$"""
                {"Image":"busybox","Cmd":["sh","-c","echo said; cat; echo done > /volume/file"],"OpenStdin":true,
                "HostConfig":{"Binds":["passing:/volume"],"NetworkMode":"passing","PortBindings":{"80/tcp":[{"HostPort":"{{{port}}}"}]} } }
                """),
            ("POST", "/containers/passes/start", null),
            ("POST", "/containers/passes/kill", null),
            ("POST", "/containers/passes/wait", null),
            ("GET", "/containers/passes/logs?stdout=1", null),
            ("POST", "/commit?container=passes&repo=passed", "{}"),
            ("DELETE", "/containers/passes?v=1", null),
            ("DELETE", "/images/passed", null),
            ("DELETE", "/volumes/passing", null),
            ("DELETE", "/networks/passing", null),
        })
        {
            var (status, text) = await _api.SendAsync(method, path, body).WaitAsync(TimeSpan.FromSeconds(60));
            if (status < 400) continue;
            Assert.True(mayFail, $"{method} {path}: {status} {text}");
            var message = JsonDocument.Parse(text).RootElement.GetProperty("message").GetString()!;
            Assert.True(message.Length > 0 && !message.Contains("Exception", StringComparison.Ordinal) && !message.Contains(" at Yun.", StringComparison.Ordinal), message);
            // What has not been started is not waited for.
            if (path.EndsWith("/start", StringComparison.Ordinal)) break;
        }
    }

    /// <summary>What runs is as it was, what a fault has left can be removed, and all works again.</summary>
    private async Task AssertWholeAsync(string fault)
    {
        var docker = _daemon.Docker;
        await AssertServesAsync();
        Assert.Equal("running 0", await docker.TextAsync("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", "stays"));
        foreach (var (path, query) in new[] { ("/containers/passes", "?force=1&v=1"), ("/images/passed", "?force=1"), ("/volumes/passing", ""), ("/networks/passing", "") })
        {
            var (status, text) = await _api.SendAsync("DELETE", path + query);
            Assert.True(status is 404 or < 300, $"After a fault ({fault}) {path} is not removed: {status} {text}\n{_daemon.Log}");
        }
        Assert.Equal(["stays"], (await docker.RunAsync("ps", "-a", "--format", "{{.Names}}")).Succeeded().Lines);
        Assert.Empty((await docker.RunAsync("volume", "ls", "-q")).Succeeded().Lines);
        Assert.Equal(["bridge", "host", "none"], (await docker.RunAsync("network", "ls", "--format", "{{.Name}}")).Succeeded().Lines.Order());
        // The bridge of the default network and the one container's interface.
        await Eventually.HoldsAsync(() => Task.FromResult(Directory.GetFileSystemEntries("/sys/class/net").Count(path => Path.GetFileName(path).Contains(_daemon.Hash, StringComparison.Ordinal)) <= 2), $"after a fault ({fault}) only what runs has interfaces");
        await LifeAsync();
    }

    private async Task AssertServesAsync()
    {
        using var http = new HttpClient();
        Assert.Equal("page\n", await http.GetStringAsync($"http://127.0.0.1:{_port}/index.html"));
    }
}
