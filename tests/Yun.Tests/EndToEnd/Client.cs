namespace Yun.Tests.EndToEnd;

/// <summary>A command line that drives the daemon behind a socket: the stock docker client, or yun.</summary>
public sealed class Client(string program, string socket, string configuration)
{
    public string Program => program;
    public string Socket => socket;

    private Dictionary<string, string> Environment => new()
    {
        ["DOCKER_HOST"] = $"unix://{socket}", ["DOCKER_CONFIG"] = configuration, ["DOCKER_BUILDKIT"] = "0", ["DOCKER_CLI_HINTS"] = "false", ["LC_ALL"] = "C", ["TERM"] = "xterm",
    };

    public Command Command(params string[] arguments) => CommandOf(program, arguments);

    /// <summary>Another program, with the settings by which this one finds the daemon.</summary>
    public Command CommandOf(string other, params string[] arguments)
    {
        var command = new Command(other, arguments);
        foreach (var (name, value) in Environment)
            command.Environment[name] = value;
        return command;
    }

    public Task<CommandResult> RunAsync(params string[] arguments) => Command(arguments).RunAsync();

    /// <summary>The standard output of a command that must succeed.</summary>
    public async Task<string> TextAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded().Text;

    public Task<CommandResult> RunWithInputAsync(string input, params string[] arguments)
    {
        var command = Command(arguments);
        command.Input = input;
        return command.RunAsync();
    }

    /// <summary>Runs the command on a terminal of its own, 40 rows by 100 columns.</summary>
    public TerminalSession OnTerminal(string arguments)
    {
        var command = new Command("script", "-qefc", $"stty rows 40 cols 100; exec {program} {arguments}", "/dev/null");
        foreach (var (name, value) in Environment)
            command.Environment[name] = value;
        return new TerminalSession(command);
    }
}
