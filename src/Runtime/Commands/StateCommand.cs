using System.Text.Json;
using Yun.Oci;

namespace Yun.Runtime.Commands;

/// <summary><c>state ID</c>: the container's state as the specification words it.</summary>
internal static class StateCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        Console.Out.WriteLine(JsonSerializer.Serialize(state.Describe(settings), RuntimeSpecJson.Default.RuntimeState));
        return 0;
    }
}
