using System.Globalization;
using Yun.Linux;

namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>What a container is given and how each system call is answered in it, told by programs that run inside: <c>facts.sh</c> and <c>probe.c</c>.</summary>
public sealed class Probe : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public Probe()
    {
        var source = Path.Combine(Repository.Root, "tests", "Yun.Tests", "EndToEnd", "Profiles");
        File.Copy(Path.Combine(source, "facts.sh"), _folder["facts"]);
        new Command("gcc", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o", _folder["probe"], Path.Combine(source, "probe.c")).RunAsync().GetAwaiter().GetResult().Succeeded();
        foreach (var path in (string[])[_folder.Path, _folder["facts"], _folder["probe"]]) File.SetUnixFileMode(path, (UnixFileMode)0x1ed);
    }

    private Task<CommandResult> RunAsync(Client client, string[] options, params string[] command) =>
        client.RunAsync(["run", "--rm", "-v", $"{_folder["facts"]}:/facts:ro", "-v", $"{_folder["probe"]}:/probe:ro", .. options, "busybox", .. command]);

    /// <summary>The lines of <c>facts.sh</c> in a container with these options; of a namespace, whether it is the container's own.</summary>
    public async Task<string[]> FactsAsync(Client client, params string[] options) =>
        [.. (await RunAsync(client, options, "sh", "/facts")).Succeeded().Lines.Select(line => line.Split(' ') is ["namespace", var kind, var id]
            ? $"namespace {kind} {(id == new FileInfo($"/proc/self/ns/{kind}").LinkTarget ? "of the host" : "its own")}" : line)];

    /// <summary>How each call is answered, by the words of <c>probe.c</c>: <c>call 165</c> is <c>EPERM</c>.</summary>
    public async Task<SortedDictionary<string, string>> AnswersAsync(Client client, params string[] options)
    {
        var answers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in (await RunAsync(client, options, "/probe")).Succeeded().Lines)
        {
            var at = line.IndexOf(": ", StringComparison.Ordinal);
            answers.Add(line[..at], line[(at + 2)..]);
        }
        return answers;
    }

    /// <summary>The names of the capabilities that processes can have there.</summary>
    public async Task<List<string>> CapabilitiesAsync(Client client, params string[] options)
    {
        var set = ulong.Parse((await RunAsync(client, options, "awk", "/CapBnd/ { print $2 }", "/proc/self/status")).Succeeded().Text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return [.. Capabilities.Names.Where((_, number) => (set >> number & 1) != 0)];
    }

    public void Dispose() => _folder.Dispose();
}
