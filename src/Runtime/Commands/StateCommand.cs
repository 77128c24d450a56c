using System.Text.Json;

namespace Yun.Runtime.Commands;

/// <summary><c>state ID</c>: the container's state as the specification words it.</summary>
internal static class StateCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        using var output = Console.OpenStandardOutput();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true })) state.Describe(json, state.Status(settings));
        output.WriteByte((byte)'\n');
        return 0;
    }
}
