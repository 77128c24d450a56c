using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary><c>create ID</c>: everything but the program, which waits at a fifo for <c>start</c>.</summary>
internal static class CreateCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var options = new LaunchOptions();
        line.Options(options.Take);
        var id = LaunchOptions.CheckId(line.Required("the container's id"));
        using var container = NewContainer.Start(id, options, settings, () =>
        {
            var path = ContainerState.GateOf(settings, id);
            Files.MakeFifo(path, 0x180);
            // Open for both, so that neither end waits for the other and the child finds the byte whenever it is written.
            return PathDescriptor.Open(null, path, OpenFlags.ReadWrite);
        });
        return 0;
    }
}
