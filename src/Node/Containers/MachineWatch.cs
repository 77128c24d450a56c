using System.Globalization;
using Yun.Node.Machines;

namespace Yun.Node.Containers;

// What a machine's monitor tells while it runs.
public sealed partial class Container
{
    private MachineReports? _reports;
    // How the machine ended, where its guest did not go down in order.
    private volatile string _machineCause = "";
    // Its kernel has ended a program for want of memory.
    private volatile bool _machineRanOut;

    private string ReportFolder => SandboxSocket.FolderOf(Engine.Options, Id);

    private MachineReports HearMonitor()
    {
        (_machineCause, _machineRanOut) = ("", false);
        return _reports = new MachineReports(ReportFolder, MachineSandbox.UserOf(Id), Take);
    }

    /// <summary>When the monitor has ended: afterwards all is known that it has said.</summary>
    private async ValueTask StopHearingMonitorAsync()
    {
        if (Interlocked.Exchange(ref _reports, null) is { } reports) await reports.DisposeAsync();
        else if (IsMachine) SandboxSocket.Remove(ReportFolder);
    }

    private void Take(MachineReport report)
    {
        if (report.Name == "oom") TakeOutOfMemory();
        if (report.Name is "panic" or "watchdog" or "lost" or "off") _machineCause = report.Cause;
        Engine.Events.Publish("machine", report.Name, Id, new Dictionary<string, string>(Config.Labels ?? [])
        {
            ["name"] = Name, ["image"] = Config.Image ?? "", ["container"] = Id, ["cause"] = report.Cause, ["at"] = report.At.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        });
    }

    private void TakeOutOfMemory()
    {
        Publish("oom");
        if (_machineRanOut) return;
        _machineRanOut = true;
        Engine.Track(NoteOutOfMemoryAsync());
    }

    // The next daemon is not told again.
    private async Task NoteOutOfMemoryAsync()
    {
        using (await TakeTurnAtLastAsync())
            if (State is { IsLive: true, OomKilled: false }) SaveSoon(_record with { State = State with { OomKilled = true } });
    }
}
