namespace Yun.Runtime.Commands;

/// <summary><c>run ID</c>: create and start in one, without the stop between them; waits for the end unless <c>--detach</c>.</summary>
internal static class RunCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var options = new LaunchOptions();
        line.Options(options.Take);
        var id = LaunchOptions.CheckId(line.Required("the container's id"));
        if (line.Next() is { } extra) throw new UsageException($"'{extra}' is one word too many");
        using var container = NewContainer.Start(id, options, settings, makeGate: null);
        if (options.Detach) return 0;
        try { return Foreground.Wait(container.Process, options.ConsoleSocket is null); }
        finally
        {
            if (!options.Keep) DeleteCommand.Remove(container.State, settings);
        }
    }
}
