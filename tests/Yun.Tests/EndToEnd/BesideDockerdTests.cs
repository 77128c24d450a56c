using Yun.Tests.Runtime.Engines;

namespace Yun.Tests.EndToEnd;

/// <summary>A real dockerd, whose firewall drops what it does not know, and this daemon share a machine's network; another host lies beyond it.</summary>
public sealed class BesideDockerdTests
{
    private const string Page = "mkdir -p /www; echo page > /www/index.html; exec httpd -f -p 80 -h /www";

    [Fact]
    public async Task Both_serve_and_reach_other_hosts_and_neither_touches_the_other_s_rules()
    {
        using var engine = new EngineFolder();
        using var network = await TwoHosts.MakeAsync();
        Task<CommandResult> DockerdAsync(params string[] arguments) => engine.Command("docker", ["--host", $"unix://{engine["docker.sock"]}", .. arguments]).RunAsync();
        await StartDockerdAsync(engine, network, DockerdAsync);
        try
        {
            (await DockerdAsync("run", "-d", "--name", "theirs", "--runtime", "yun", "-p", "8081:80", "busybox", "sh", "-c", Page)).Succeeded();
            await Eventually.HoldsAsync(async () => await network.AskAsync(network.Far, $"{TwoHosts.MachineAddress}:8081") == "page");
            var before = await network.RulesAsync();
            Assert.Contains("policy drop", before, StringComparison.Ordinal);

            await using (var daemon = await Daemon.StartInNetworkAsync(network.Machine))
            {
                await daemon.Docker.TextAsync("run", "-d", "--name", "ours", "-p", "8082:80", "busybox", "sh", "-c", Page);
                await Eventually.HoldsAsync(async () => await network.AskAsync(network.Far, $"{TwoHosts.MachineAddress}:8082") == "page");
                Assert.Equal("page", await network.AskAsync(network.Machine, "127.0.0.1:8082"));
                Assert.Equal("page", await daemon.Docker.TextAsync("exec", "ours", "wget", "-q", "-O", "-", $"http://{TwoHosts.FarAddress}:8083/index.html"));
                Assert.Equal("page", await network.AskAsync(network.Far, $"{TwoHosts.MachineAddress}:8081"));
                Assert.Equal("page", (await DockerdAsync("exec", "theirs", "wget", "-q", "-O", "-", $"http://{TwoHosts.FarAddress}:8083/index.html")).Succeeded().Text);
            }
            Assert.Equal(before, await network.RulesAsync());
            Assert.Equal("page", await network.AskAsync(network.Far, $"{TwoHosts.MachineAddress}:8081"));
        }
        finally
        {
            await DockerdAsync("rm", "--force", "theirs");
        }
    }

    private static async Task StartDockerdAsync(EngineFolder engine, TwoHosts network, Func<string[], Task<CommandResult>> docker)
    {
        Directory.CreateDirectory(engine["bin"]);
        File.CreateSymbolicLink(engine["bin/runc"], TestTools.Runtime);
        await Containerd.StartAsync(engine);
        engine.StartDaemon("/usr/bin/nsenter", $"--net={network.Machine}", Path.Combine(engine.Programs, "dockerd"), "--data-root", engine["data"], "--exec-root", engine["exec"], "--host", $"unix://{engine["docker.sock"]}",
            "--pidfile", engine["docker.pid"], "--containerd", engine["containerd.sock"], "--userland-proxy=false", "--ip6tables=false", "--storage-driver", "vfs", "--add-runtime", $"yun={TestTools.Runtime}",
            "--default-ulimit", "nofile=1024:1024", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + engine.Group);
        await Eventually.HoldsAsync(async () => (await docker(["version"])).ExitCode == 0);
        (await docker(["import", TestTools.BusyboxRoot, "busybox"])).Succeeded();
    }
}
