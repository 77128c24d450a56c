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
        ContainerState.Reserve(settings, id);
        var gatePath = ContainerState.GateOf(settings, id);
        try
        {
            Files.MakeFifo(gatePath, 0x180);
            // Open for both, so that neither end waits for the other and the child finds the byte whenever it is written.
            using var gate = PathDescriptor.Open(null, gatePath, OpenFlags.ReadWrite);
            using var container = NewContainer.Start(id, options, settings, (int)gate.DangerousGetHandle());
            return 0;
        }
        catch
        {
            ContainerState.Forget(settings, id);
            throw;
        }
    }
}
