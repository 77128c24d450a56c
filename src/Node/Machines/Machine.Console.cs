using System.Text;
using System.Text.RegularExpressions;
using Yun.Node.Containers;
using Yun.Node.Keeper;
using Yun.Node.Logs;
using Yun.Protocol;

namespace Yun.Node.Machines;

// The serial line of the guest is QEMU's terminal, which the keeper has: whoever comes later finds in the log what was said before.
public sealed partial class Machine
{
    private const int LinesTold = 6;

    /// <summary>Connects a client with the serial line. Disposing of what is returned detaches.</summary>
    public async Task<KeptAttachment> AttachAsync(bool input, CancellationToken cancel = default)
    {
        RequireLive("its console");
        var attachment = await Engine.Keeper.AttachAsync(Id, input, stdout: true, stderr: true, cancel);
        Publish("attach");
        return attachment;
    }

    /// <summary>What the serial line has said.</summary>
    public LogReader ReadLog(LogQuery query)
    {
        var stopped = WaitAsync(WaitCondition.NextExit, Engine.Stopping);
        return new LogReader(LogPath, query with { Follow = query.Follow && State.IsLive }, stopped, Engine.DirectoryWatcher, Engine.Time);
    }

    /// <summary>One line of what QEMU said from then on: it goes into an error.</summary>
    private async Task<string> LastWordsAsync(DateTimeOffset since)
    {
        using var log = new LogReader(LogPath, new LogQuery(Since: LogTime.From(since)), Task.CompletedTask, Engine.DirectoryWatcher, Engine.Time);
        var text = new StringBuilder();
        using var deadline = new CancellationTokenSource(s_endMax);
        while (await log.WaitToReadAsync(deadline.Token))
            while (log.TryRead(out var entry)) text.Append(Encoding.UTF8.GetString(entry.Text.Span));
        // It reaches a person's terminal.
        var lines = ControlSequence().Replace(text.ToString(), "").Split('\n').Select(line => string.Concat(line.Where(sign => !char.IsControl(sign))).Trim()).Where(line => line != "").ToList();
        return lines.Count == 0 ? "it said nothing" : string.Join(" / ", lines.Skip(lines.Count - LinesTold));
    }

    [GeneratedRegex(@"\x1B\[[0-9;?]*[A-Za-z]", RegexOptions.CultureInvariant)]
    private static partial Regex ControlSequence();
}
