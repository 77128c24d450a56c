using System.Text;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Registries;
using Yun.Linux;

namespace Yun.Commands;

/// <summary>What a command works with: the daemon, the standard streams, the user's configuration.</summary>
public sealed class Session(ApiClient api, string configDirectory) : IDisposable
{
    public ApiClient Api => api;
    public Stream Input { get; } = new DescriptorStream(0);
    public Stream Output { get; } = new DescriptorStream(1);
    public Stream ErrorOutput { get; } = new DescriptorStream(2);
    public TextWriter Out { get; } = new StreamWriter(new DescriptorStream(1), s_text, 4096) { NewLine = "\n" };
    public TextWriter Error { get; } = new StreamWriter(new DescriptorStream(2), s_text, 1024) { AutoFlush = true, NewLine = "\n" };
    public ClientConfiguration Configuration { get; } = new(configDirectory);

    public bool InputIsTerminal { get; } = TerminalMode.IsTerminal(0);
    public bool OutputIsTerminal { get; } = TerminalMode.IsTerminal(1);

    public const int WidthDefault = 80;

    /// <summary>The terminal's columns, or 80.</summary>
    public int Width => TerminalMode.Size(1)?.Columns ?? WidthDefault;

    /// <summary>Does the same to each name, printing the names that went well and, for the others, why not.</summary>
    /// <returns>1 if any failed.</returns>
    public int ForEach(IEnumerable<string> names, Action<string> act) => ForEach(names, name =>
    {
        act(name);
        return true;
    });

    /// <summary>As the other, and a name for which <paramref name="act"/> answers false is not printed.</summary>
    public int ForEach(IEnumerable<string> names, Func<string, bool> act)
    {
        var exitCode = 0;
        foreach (var name in names)
        {
            try
            {
                if (act(name)) Out.WriteLine(name);
                Out.Flush();
            }
            catch (ApiException error)
            {
                Error.WriteLine(Failures.Describe(error));
                exitCode = 1;
            }
        }
        return exitCode;
    }

    /// <summary>Asks before something is lost; what is not a yes is a no.</summary>
    public bool Confirm(string question)
    {
        Out.Write(question + " [y/N] ");
        Out.Flush();
        return ReadLine()?.Trim() is "y" or "Y" or "yes" or "Yes" or "YES";
    }

    /// <summary>One line of the input; null at its end.</summary>
    public string? ReadLine()
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (Input.Read(one, 0, 1) == 1)
        {
            if (one[0] == '\n') return Encoding.UTF8.GetString([.. bytes]).TrimEnd('\r');
            bytes.Add(one[0]);
        }
        return bytes.Count == 0 ? null : Encoding.UTF8.GetString([.. bytes]);
    }

    public void Dispose()
    {
        Out.Flush();
        Error.Flush();
        api.Dispose();
    }

    private static readonly UTF8Encoding s_text = new(encoderShouldEmitUTF8Identifier: false);
}
