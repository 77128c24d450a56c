using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>state ID</c>: the container's state as the specification words it.</summary>
internal static class StateCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        var json = new JsonWriter(indented: true);
        state.Describe(json, state.Status(settings));
        Output.Write(json + "\n");
        return 0;
    }
}
