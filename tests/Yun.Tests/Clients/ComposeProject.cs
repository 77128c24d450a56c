using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

/// <summary>One of the Compose files beside this, as a project with a name of its own, driven by the Compose of one generation.</summary>
public sealed class ComposeProject
{
    private static readonly Lazy<string>[] s_programs = [new(() => Program("1")), new(() => Program("2"))];
    private readonly string _program;
    private readonly Client _docker;
    private readonly string[] _files;

    /// <param name="folder">Where the copy of the Compose files lies.</param>
    public ComposeProject(string generation, Client docker, string folder, string name, params string[] files)
    {
        _program = s_programs[generation == "1" ? 0 : 1].Value;
        (_docker, Folder, Name, Separator) = (docker, folder, name, generation == "1" ? "_" : "-");
        _files = [.. files.SelectMany(file => new[] { "-f", file })];
    }

    public string Folder { get; }
    public string Name { get; }

    /// <summary>What the file's variables are.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    private string Separator { get; }

    /// <summary>The name of a service's container.</summary>
    public string Container(string service, int number = 1) => $"{Name}{Separator}{service}{Separator}{number}";

    public Task<CommandResult> RunAsync(params string[] arguments) => CommandOf(arguments).RunAsync();

    public async Task<string> TextAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded().Text;

    /// <summary>What a command in a service's container says.</summary>
    public Task<string> ExecAsync(string service, params string[] command) => TextAsync(["exec", "-T", service, .. command]);

    public Command CommandOf(params string[] arguments)
    {
        // The plugin is the same program when it is started by itself.
        var command = _docker.CommandOf(_program, [.. _files, "-p", Name, .. arguments]);
        foreach (var (name, value) in Variables)
            command.Environment[name] = value;
        command.Environment["COMPOSE_DOCKER_CLI_BUILD"] = "0";
        command.Environment["COMPOSE_ANSI"] = "never";
        command.WorkingDirectory = Folder;
        return command;
    }

    private static string Program(string generation)
    {
        var made = new Command(Path.Combine(Repository.Root, "scripts", "compose"), generation).RunAsync().GetAwaiter().GetResult();
        return made.ExitCode == 0 ? made.Text : "";
    }

    /// <summary>Skips the test where the distribution has no such Compose.</summary>
    public ComposeProject OrSkip()
    {
        if (_program == "") Assert.Skip("The distribution has no Compose of this generation.");
        return this;
    }
}
