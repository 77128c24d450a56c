using System.Text.Json;
using Yun.Linux.Cgroups;

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
            Console.Out.WriteLine("PID");
            foreach (var pid in processes) Console.Out.WriteLine(pid);
            return 0;
        }
        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartArray();
            foreach (var pid in processes) writer.WriteNumberValue(pid);
            writer.WriteEndArray();
        }
        output.WriteByte((byte)'\n');
        return 0;
    }
}
