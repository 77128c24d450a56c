using System.Text.Json;
using Yun.Commands.Api;
using Yun.DockerApi.Model;

namespace Yun.Commands.Format;

/// <summary>
/// The messages of pull, push, load and build. On a terminal every part has a line of its own, found again by moving the cursor up; elsewhere bars
/// are left out and the rest is printed line by line.
/// </summary>
public sealed class ProgressDisplay(TextWriter output, bool terminal)
{
    private const string EraseLine = "\e[2K";
    private readonly Dictionary<string, int> _lines = [];

    /// <summary>Shows messages until they end.</summary>
    /// <param name="response">The answer whose body the messages are.</param>
    /// <param name="aux">Called with each result on the way.</param>
    /// <exception cref="FailureException">A message was an error; a failed build's exit code is ours.</exception>
    public void Show(ApiResponse response, Action<JsonElement>? aux = null)
    {
        foreach (var message in response.ReadEach(DockerApiJson.Default.ProgressMessage))
        {
            if (message.Aux is { } result) aux?.Invoke(result);
            else Show(message);
        }
    }

    private void Show(ProgressMessage message)
    {
        if (message.ErrorDetail is { } error)
        {
            output.Flush();
            throw new FailureException(error.Message, error.Code == 0 ? 1 : error.Code);
        }
        if (message.Error is { Length: > 0 } text) throw new FailureException(text);
        var id = message.Id is { Length: > 0 } name ? name : null;
        var up = 0;
        if (id is not null && message.ProgressDetail is not null)
        {
            if (!_lines.TryGetValue(id, out var line))
            {
                _lines[id] = line = _lines.Count;
                if (terminal) output.Write('\n');
            }
            up = _lines.Count - line;
            if (terminal) output.Write($"\e[{up}A");
        }
        // What has no line of its own ends the block of lines above it.
        else _lines.Clear();
        Write(message, id);
        if (id is not null && terminal && up > 0) output.Write($"\e[{up}B");
        output.Flush();
    }

    private void Write(ProgressMessage message, string? id)
    {
        var bar = message.ProgressDetail is { } detail ? ProgressBar.Draw(detail, Linux.TerminalMode.Size(1)?.Columns ?? Session.WidthDefault, DateTimeOffset.UtcNow) : null;
        var end = "";
        if (terminal && string.IsNullOrEmpty(message.Stream) && bar is not null)
        {
            output.Write(EraseLine + "\r");
            end = "\r";
        }
        else if (bar is { Length: > 0 }) return;
        if (id is not null) output.Write(id + ": ");
        if (message.From is { Length: > 0 } from) output.Write($"(from {from}) ");
        if (bar is not null && terminal) output.Write($"{message.Status} {bar}{end}");
        else if (message.Stream is { Length: > 0 } stream) output.Write(stream + end);
        else output.Write($"{message.Status}{end}\n");
    }
}
