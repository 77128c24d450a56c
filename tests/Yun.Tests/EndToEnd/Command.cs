using System.Diagnostics;
using System.Text;
using Xunit.Sdk;

namespace Yun.Tests.EndToEnd;

/// <summary>A program run to its end, or up to its deadline: then it is killed and the test fails with what it had said.</summary>
public sealed class Command(string program, params string[] arguments)
{
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Written to standard input, which is then closed. Null is an empty input.</summary>
    public string? Input { get; set; }

    public string? WorkingDirectory { get; set; }

    /// <summary>Generous: it ends tests that hang, and measures nothing.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(120);

    public override string ToString() => $"{Path.GetFileName(program)} {string.Join(' ', arguments)}";

    public Process Start()
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = WorkingDirectory ?? "/",
            StandardOutputEncoding = new UTF8Encoding(false), StandardErrorEncoding = new UTF8Encoding(false), StandardInputEncoding = new UTF8Encoding(false),
        };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public async Task<CommandResult> RunAsync()
    {
        using var process = Start();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            if (Input is not null)
                await process.StandardInput.WriteAsync(Input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading all of its input; its exit code tells why.
        }
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            // A grandchild that kept the pipe must not hang the test either.
            return new CommandResult(ToString(), process.ExitCode, await output.WaitAsync(deadline.Token), await error.WaitAsync(deadline.Token));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new XunitException($"{this}\ndid not end within {Deadline.TotalSeconds:0} seconds.\n{Said(output)}{Said(error)}");
        }
    }

    private static string Said(Task<string> text) => text.Wait(TimeSpan.FromSeconds(2)) ? text.Result : "";
}
