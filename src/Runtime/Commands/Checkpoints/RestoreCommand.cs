namespace Yun.Runtime.Commands.Checkpoints;

/// <summary><c>restore ID</c>: makes a container that goes on where a checkpoint was taken; waits for its end unless <c>--detach</c>.</summary>
internal static class RestoreCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var launch = new LaunchOptions();
        var options = new RestoreOptions();
        bool Take(string name, Func<string> value) => options.Take(name, value) || launch.Take(name, value);
        line.Options(Take);
        var id = LaunchOptions.CheckId(line.Required("the container's id"));
        line.Options(Take);
        if (line.Next() is { } extra) throw new UsageException($"'{extra}' is one word too many");
        using var container = RestoredContainer.Make(id, launch, options, settings);
        if (launch.Detach) return 0;
        try { return Foreground.Wait(container.Process, servesTerminal: false); }
        finally
        {
            if (!launch.Keep) DeleteCommand.Remove(container.State, settings);
        }
    }
}

/// <summary>What only restore takes of CRIU's options.</summary>
internal sealed class RestoreOptions
{
    public CriuOptions Criu { get; } = new();
    public List<string> Labels { get; } = [];

    public bool Take(string name, Func<string> value)
    {
        if (name is not ("--lsm-profile" or "--lsm-mount-context")) return Criu.Take(name, value);
        Labels.AddRange([name, value()]);
        return true;
    }
}
