using System.Text.Json;

namespace Yun.Tests.EndToEnd;

/// <summary><c>yun doctor</c>, on this machine and whatever it lacks.</summary>
public sealed class DoctorTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    private Task<CommandResult> DoctorAsync(Client client, params string[] arguments) => client.RunAsync(["doctor", "--exec-root", Daemon.ExecRoot, .. arguments]);

    private static Dictionary<string, (string Result, string Found)> Findings(CommandResult result) => result.Lines.Select(line => JsonDocument.Parse(line).RootElement)
        .DistinctBy(finding => finding.GetProperty("Check").GetString()!).ToDictionary(finding => finding.GetProperty("Check").GetString()!,
            finding => (finding.GetProperty("Result").GetString()!, finding.GetProperty("Found").GetString()!));

    [Fact]
    public async Task A_machine_on_which_containers_run_is_found_fit()
    {
        var findings = Findings((await DoctorAsync(Daemon.Yun, "--format", "json")).Succeeded());
        foreach (var check in new[] { "daemon", "keeper", "rights", "kernel", "overlay", "forwarding" }) Assert.Equal("ok", findings[check].Result);
        Assert.Equal("running", findings["keeper"].Found);
        Assert.Contains(Daemon.DataRoot, findings["space"].Found);
        Assert.Empty(Directory.GetDirectories(Daemon.DataRoot, ".yun-doctor*"));
    }

    [Fact]
    public async Task A_daemon_that_is_down_is_an_error_and_the_machine_is_looked_at_all_the_same()
    {
        var result = (await DoctorAsync(new Client(TestTools.Yun, "/run/nosuchfolder/yun.sock", Daemon.Folder))).EndedWith(1);
        Assert.Matches(@"\nerror +daemon +Cannot connect to the Yun daemon at unix:///run/nosuchfolder/yun\.sock.* -> start it: ", result.Output);
        Assert.Matches(@"\nok +keeper +running: containers go on without the daemon\n", result.Output);
        Assert.Matches(@"\nok +kernel +Linux \d", result.Output);
    }

    [Fact]
    public async Task A_file_system_that_cannot_hold_containers_changes_is_named_with_the_kernel_s_reason()
    {
        const string procfs = "/proc";
        var result = (await DoctorAsync(new Client(TestTools.Yun, "/run/nosuchfolder/yun.sock", Daemon.Folder), "--data-root", procfs)).EndedWith(1);
        Assert.Matches(@"\nerror +overlay +containers' changes cannot be on proc: ", result.Output);
    }
}
