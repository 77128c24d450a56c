using System.Globalization;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Node.Containers.Processes;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>Processes in columns, as ps shows them.</summary>
public sealed record ProcessTable(IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Rows);

public sealed partial class Container
{
    /// <summary>
    /// The container's processes, read from the machine's own procfs: no program is run, so nothing that an image holds can pose as ps. Process numbers
    /// are the machine's, as with Docker.
    /// </summary>
    /// <param name="arguments">Options of ps that choose columns; null is <c>-ef</c>.</param>
    public ProcessTable Top(string? arguments)
    {
        RequireLive();
        if (State.Status == ContainerStatus.Restarting) throw new EngineException(ErrorKind.Conflict, $"Container {Id} is restarting, wait until the container is running");
        var columns = ProcessFormat.Parse(arguments is { Length: > 0 } ? arguments : "-ef");
        var facts = new ProcessTableFacts(Engine.Time.GetUtcNow(), UpTicks(), MachineMemory(), UserNames());
        var processes = Cgroup.AllProcesses().Select(ProcessSnapshot.TryRead).OfType<ProcessSnapshot>().OrderBy(p => p.Pid);
        return new ProcessTable([.. columns.Select(c => c.Title)], [.. processes.Select(p => (IReadOnlyList<string>)[.. columns.Select(c => c.Show(p, facts))])]);
    }

    private static ulong UpTicks() => (ulong)(double.Parse(KernelFile.Read("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture) * 100);

    // The machine's names, not the image's: dockerd runs the machine's ps.
    private static Dictionary<uint, string> UserNames()
    {
        var names = new Dictionary<uint, string>();
        foreach (var line in (KernelFile.TryRead("/etc/passwd") ?? "").Split('\n'))
            if (line.Split(':') is [var name, _, var number, ..] && uint.TryParse(number, CultureInfo.InvariantCulture, out var id)) names.TryAdd(id, name);
        return names;
    }
}
