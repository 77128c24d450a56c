using Yun.Linux.Cgroups;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>ps ID</c>: the pids of a container's processes, as the host counts them.</summary>
internal static class PsCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var json = false;
        bool Take(string name, Func<string> value)
        {
            if (name is not ("--format" or "-f")) return false;
            json = OutputFormat.IsJson(value());
            return true;
        }
        line.Options(Take);
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        line.Options(Take);
        var processes = Cgroup.At(state.CgroupPath).AllProcesses();
        if (!json)
        {
            Output.Write("PID\n");
            foreach (var pid in processes) Output.Write($"{pid}\n");
            return 0;
        }
        var writer = new JsonWriter();
        writer.WriteStartArray();
        foreach (var pid in processes) writer.WriteNumberValue((ulong)pid);
        writer.WriteEndArray();
        Output.Write(writer + "\n");
        return 0;
    }
}
