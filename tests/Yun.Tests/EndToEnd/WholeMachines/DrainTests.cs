namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>A node that is emptied.</summary>
public sealed class DrainTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Fact]
    public async Task Draining_saves_machines_that_have_nowhere_to_go_and_stops_containers()
    {
        var (daemon, system) = await machines.StartedAsync();
        try
        {
            await daemon.Docker.TextAsync("run", "-d", "--name", "serves", "busybox", "sleep", "1000");
            await daemon.Yun.TextAsync(["machine", "create", "--name", "works", .. system.Options, "-m", "96m", "--network", "none"]);
            await daemon.Yun.TextAsync("machine", "start", "works");
            var drained = await daemon.Yun.RunAsync("node", "drain", "--to", "unix:///nowhere.sock", "-t", "0");
            Assert.Equal(["saved works", "stopped serves"], drained.Succeeded().Lines);
            Assert.Contains("/nowhere.sock", drained.Error, StringComparison.Ordinal);
            Assert.Equal("saved", await daemon.Yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}}", "works"));
            Assert.Equal("exited", await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Status}}", "serves"));
        }
        finally
        {
            await daemon.Yun.RunAsync("machine", "rm", "-f", "works");
            await daemon.Docker.RunAsync("rm", "-f", "serves");
        }
    }
}
