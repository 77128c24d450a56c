using System.Diagnostics;
using System.Text;
using Xunit.Sdk;

namespace Yun.Tests.EndToEnd;

/// <summary>A program on a terminal, with somebody at the keyboard.</summary>
public sealed class TerminalSession : IAsyncDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _seen = new();
    private readonly Task _reading;
    private readonly string _command;

    public TerminalSession(Command command)
    {
        _command = command.ToString();
        _process = command.Start();
        _reading = ReadAsync();
    }

    public string Seen { get { lock (_seen) return _seen.ToString(); } }

    public async Task TypeAsync(string keys)
    {
        await _process.StandardInput.WriteAsync(keys);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Waits until the terminal has shown the text.</summary>
    public async Task SeeAsync(string text)
    {
        var until = Stopwatch.StartNew();
        while (!Seen.Contains(text, StringComparison.Ordinal))
        {
            if (until.Elapsed > s_deadline || (_reading.IsCompleted && !Seen.Contains(text, StringComparison.Ordinal)))
                throw new XunitException($"{_command}\nnever showed '{text}', but:\n{Seen}");
            await Task.Delay(50);
        }
    }

    /// <summary>Waits for the program's end.</summary>
    public async Task<int> ExitCodeAsync()
    {
        using var deadline = new CancellationTokenSource(s_deadline);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new XunitException($"{_command}\ndid not end. The terminal showed:\n{Seen}");
        }
        await _reading.WaitAsync(s_deadline);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        int count;
        while ((count = await _process.StandardOutput.ReadAsync(buffer)) > 0)
            lock (_seen)
                _seen.Append(buffer, 0, count);
    }
}
