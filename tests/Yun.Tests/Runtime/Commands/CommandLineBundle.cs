using System.Text.Json;
using Yun.Oci;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Commands;

/// <summary>A busybox bundle and the native <c>yun-runtime</c> with a state folder of its own. What a test made is gone when it is disposed, whatever state it was in.</summary>
internal sealed class CommandLineBundle : IDisposable
{
    private readonly BusyboxBundle _bundle = new();
    private readonly HashSet<string> _ids = [];

    public string Folder => _bundle.Folder;
    public IReadOnlySet<string> Ids => _ids;
    public string Root => _bundle.Root;
    public string State => Path.Combine(Folder, "state");

    /// <summary>A new id, unlike any other on this machine.</summary>
    public string NewId()
    {
        var id = "yun-test-" + Guid.NewGuid().ToString("N");
        _ids.Add(id);
        return id;
    }

    /// <summary>The default spec without a terminal, running a shell script.</summary>
    public RuntimeSpec Script(string script) => _bundle.Spec("sh", "-c", script);

    public void Write(RuntimeSpec spec) => _bundle.Write(spec);

    /// <summary>A program and its first arguments that every command is run by; none by default.</summary>
    public IReadOnlyList<string> Through { get; init; } = [];

    private string[] Line(string[] arguments) => [.. Through, TestTools.Runtime, "--root", State, .. arguments];

    public Command Command(params string[] arguments) => new(Line(arguments)[0], Line(arguments)[1..]) { WorkingDirectory = Folder };

    public Task<CommandResult> RunAsync(params string[] arguments) => Command(arguments).RunAsync();

    /// <summary>Writes the spec and runs it to its end.</summary>
    public async Task<CommandResult> RunAsync(RuntimeSpec spec)
    {
        Write(spec);
        return await RunAsync("run", NewId());
    }

    /// <summary>A container that is created and not started. Its process keeps the streams, which must not be ours: a shell gives it others.</summary>
    public async Task<string> CreateAsync(RuntimeSpec spec)
    {
        Write(spec);
        var id = NewId();
        (await QuietAsync("create", id)).Succeeded();
        return id;
    }

    /// <summary>Runs a command whose container keeps on running: with output to a file, since a pipe would stay open.</summary>
    public Task<CommandResult> QuietAsync(params string[] arguments) =>
        new Command("/bin/sh", ["-c", "\"$0\" \"$@\" </dev/null >>\"$OUTPUT\" 2>>\"$ERRORS\" || { cat \"$ERRORS\" >&2; exit 1; }", .. Line(arguments)])
        {
            WorkingDirectory = Folder,
            Environment = { ["OUTPUT"] = Output, ["ERRORS"] = Path.Combine(Folder, "errors") },
        }.RunAsync();

    /// <summary>Where containers of <see cref="CreateAsync"/> write.</summary>
    public string Output => Path.Combine(Folder, "output");

    public async Task<string> StatusAsync(string id)
    {
        using var state = JsonDocument.Parse((await RunAsync("state", id)).Succeeded().Output);
        return state.RootElement.GetProperty("status").GetString()!;
    }

    public void Dispose()
    {
        foreach (var id in _ids) Command("delete", "--force", id).RunAsync().GetAwaiter().GetResult();
        _bundle.Dispose();
    }
}
