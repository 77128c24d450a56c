using Yun.Linux;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>list</c>: one line for each container, with <c>--quiet</c> its id alone, with <c>--format json</c> a list of states.</summary>
internal static class ListCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var (json, quiet) = (false, false);
        line.Options((name, value) =>
        {
            switch (name)
            {
                case "--format" or "-f": json = OutputFormat.IsJson(value()); return true;
                case "--quiet" or "-q": return quiet = true;
                default: return false;
            }
        });
        var states = Load(settings);
        if (quiet) foreach (var state in states) Output.Write($"{state.Id}\n");
        else if (json) WriteJson(states, settings);
        else WriteTable(states, settings);
        return 0;
    }

    private static List<ContainerState> Load(RuntimeSettings settings)
    {
        var states = new List<ContainerState>();
        var directories = KernelFile.Directories(settings.Root);
        directories.Sort(string.CompareOrdinal);
        foreach (var directory in directories)
            if (ContainerState.TryLoad(settings, Path.GetFileName(directory)) is { } state) states.Add(state);
        return states;
    }

    private static void WriteTable(List<ContainerState> states, RuntimeSettings settings)
    {
        Output.Write($"{"ID",-32} {"PID",-8} {"STATUS",-8} {"BUNDLE",-40} CREATED\n");
        foreach (var state in states)
        {
            var status = state.Status(settings);
            Output.Write($"{state.Id,-32} {(status == "stopped" ? 0 : state.Pid),-8} {status,-8} {state.Bundle,-40} {state.Created}\n");
        }
    }

    private static void WriteJson(List<ContainerState> states, RuntimeSettings settings)
    {
        var json = new JsonWriter();
        json.WriteStartArray();
        foreach (var state in states) state.Describe(json, state.Status(settings));
        json.WriteEndArray();
        Output.Write(json + "\n");
    }
}
