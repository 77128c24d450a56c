using System.Text;

namespace Yun.Commands.CommandLine;

/// <summary>Help texts in the shape of Docker's.</summary>
public static class Help
{
    /// <summary>The usage, summary, aliases and options of one command.</summary>
    public static string Of(CommandEntry entry, Command command, string calledAs, int width)
    {
        var text = new StringBuilder($"Usage:  {UsageOf(command, calledAs)}\n\n{entry.Summary}\n");
        if (command.Details is { } details) text.Append('\n').Append(details).Append('\n');
        if (entry.Paths.Count > 1)
        {
            text.Append("\nAliases:\n  ").AppendJoin(", ", entry.Paths.Select(path => $"{CommandTree.Program} {path}")).Append('\n');
        }
        if (command.Options.Any(o => !o.Hidden)) text.Append("\nOptions:\n").Append(OptionsOf(command.Options, width));
        if (command.Examples.Count > 0) text.Append("\nExamples:\n");
        foreach (var (line, effect) in command.Examples) text.Append($"  {CommandTree.Program} {line}\n      {effect}\n");
        return text.ToString();
    }

    public static string UsageOf(Command command, string calledAs)
    {
        var usage = $"{CommandTree.Program} {calledAs}";
        var lines = command.Arguments.Split('\n');
        return string.Join("\n\t", lines.Select(line => line.Length == 0 ? usage : $"{usage} {line}"));
    }

    /// <summary>The commands below one word: <c>yun image</c>.</summary>
    public static string OfGroup(string group, string summary)
    {
        var text = new StringBuilder($"Usage:  {CommandTree.Program} {group} COMMAND\n\n{summary}\n\nCommands:\n");
        foreach (var entry in CommandTree.Below(group)) AppendEntry(text, entry.Paths.First(p => p.StartsWith(group + " ", StringComparison.Ordinal))[(group.Length + 1)..], entry.Summary);
        return text.Append($"\nRun '{CommandTree.Program} {group} COMMAND --help' for more information on a command.\n").ToString();
    }

    public static string OfProgram(IReadOnlyList<Option> globalOptions, int width)
    {
        var text = new StringBuilder($"Usage:  {CommandTree.Program} [OPTIONS] COMMAND\n\nA private cloud in one small program: containers behind the Docker API\n");
        text.Append("\nCommon Commands:\n");
        foreach (var entry in CommandTree.Common) AppendEntry(text, entry.ShortName, entry.Summary);
        text.Append("\nManagement Commands:\n");
        foreach (var (group, summary) in CommandTree.Groups.Where(g => !g.Name.Contains(' ', StringComparison.Ordinal))) AppendEntry(text, group, summary);
        text.Append("\nCommands:\n");
        foreach (var entry in CommandTree.Others) AppendEntry(text, entry.ShortName, entry.Summary);
        text.Append("\nGlobal Options:\n").Append(OptionsOf(globalOptions, width));
        return text.Append($"\nRun '{CommandTree.Program} COMMAND --help' for more information on a command.\n").ToString();
    }

    private static void AppendEntry(StringBuilder text, string name, string summary) => text.Append("  ").Append(name.PadRight(11)).Append(' ').Append(summary).Append('\n');

    /// <summary>One line an option, in the order of their names, the summaries in a column and wrapped at <paramref name="width"/>.</summary>
    public static string OptionsOf(IReadOnlyList<Option> options, int width)
    {
        var lines = options.Where(o => !o.Hidden).OrderBy(o => o.Name, StringComparer.Ordinal).Select(o => (
            Head: (o.Shorthand is { } letter ? $"  -{letter}, --{o.Name}" : $"      --{o.Name}") + (o.NeedsValue ? " " + o.TypeName : ""),
            Tail: o.Summary + (o.DefaultText is { } value ? $" (default {value})" : ""))).ToList();
        var column = lines.Max(l => l.Head.Length) + 3;
        var text = new StringBuilder();
        foreach (var (head, tail) in lines) text.Append(head.PadRight(column)).Append(Wrap(column, width, tail)).Append('\n');
        return text.ToString();
    }

    // pflag's wrapping: a last line may run over by a little rather than leave a word alone.
    private const int Slop = 5;
    private const int NarrowestColumn = 24;

    private static string Wrap(int indent, int width, string text)
    {
        var room = width - indent;
        if (room < NarrowestColumn) return text.Replace("\n", "\n" + new string(' ', indent), StringComparison.Ordinal);
        var lines = new List<string>();
        while (text.Length > 0)
        {
            (var line, text) = SplitLine(room - Slop, text);
            lines.AddRange(line.Split('\n'));
        }
        return string.Join("\n" + new string(' ', indent), lines);
    }

    private static (string Line, string After) SplitLine(int room, string text)
    {
        if (room + Slop > text.Length) return (text, "");
        var cut = text.AsSpan(0, room).LastIndexOfAny(' ', '\t', '\n');
        if (cut <= 0) return (text, "");
        var newline = text.AsSpan(0, room).LastIndexOf('\n');
        if (newline > 0 && newline < cut) cut = newline;
        return (text[..cut], text[(cut + 1)..]);
    }
}
