using System.Text;
using Yun.Commands.CommandLine;

namespace Yun.Commands;

/// <summary>The manual page yun(1), in the language of man(7): every command with its options, from the tree that runs them.</summary>
public static class ManualPage
{
    private const string Start =
        """
        .SH NAME
        yun \- a private cloud in one small program: containers behind the Docker API
        .SH SYNOPSIS
        .B yun
        [\fIOPTIONS\fR] \fICOMMAND\fR [\fIARG\fR...]
        .SH DESCRIPTION
        .B yun
        builds, pushes, pulls and runs images, with networks, volumes, logs and terminals. It speaks the Docker Engine API to the daemon, which is
        .B yun daemon
        on this machine or another. Commands, options, output and exit codes are those of Docker's client.

        """;

    private const string End =
        """
        .SH ENVIRONMENT
        .TP
        .BR YUN_HOST ", " DOCKER_HOST
        Where the daemon listens, if \-\-host does not say.
        .TP
        .B DOCKER_CONFIG
        The folder of the client's configuration and of registries' passwords (default ~/.docker).
        .TP
        .B DOCKER_API_VERSION
        The version of the API to speak, instead of the newest that both sides know.
        .TP
        .B NO_COLOR
        When it is set, nothing is coloured.
        .SH FILES
        .TP
        .I /run/yun.sock
        Where the daemon listens.
        .TP
        .I /etc/yun/daemon.json
        The daemon's configuration.
        .TP
        .I /var/lib/yun
        The daemon's images, containers and volumes.
        .SH EXIT STATUS
        0 when all is well, 1 when the daemon refused.
        .B yun run
        and
        .B yun exec
        end as the command in the container does; with
        .B yun run
        125 stands for a failure of Yun itself, 126 for a command that cannot be executed, 127 for one that is not there. A command line that is not understood ends with 125.

        """;

    public static string Of(IReadOnlyList<Option> globalOptions)
    {
        var page = new StringBuilder($".TH YUN 1 \"\" \"Yun {ProductVersion.Text}\" \"User Commands\"\n{Start}.SH OPTIONS\n");
        AppendOptions(page, globalOptions);
        page.Append(".SH COMMANDS\n");
        foreach (var entry in CommandTree.Entries) AppendCommand(page, entry);
        return page.Append(End).ToString();
    }

    private static void AppendCommand(StringBuilder page, CommandEntry entry)
    {
        var command = entry.Make();
        page.Append($".SS \"{Escaped(string.Join(", ", entry.Paths.Select(path => $"{CommandTree.Program} {path}")))}\"\n");
        page.Append(Text(entry.Summary + ".")).Append(".PP\n.nf\n").Append(Text(Help.UsageOf(command, entry.ShortName).Replace("\t", "", StringComparison.Ordinal))).Append(".fi\n");
        if (command.Details is { } details) page.Append(".PP\n").Append(Text(details));
        AppendOptions(page, command.Options);
        foreach (var (line, effect) in command.Examples) page.Append(".TP\nExample: \\fI").Append(Escaped($"{CommandTree.Program} {line}")).Append("\\fR\n").Append(Text(effect));
    }

    private static void AppendOptions(StringBuilder page, IReadOnlyList<Option> options)
    {
        foreach (var option in options.Where(o => !o.Hidden).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            page.Append($".TP\n\\fB{Escaped(option.Spelling)}\\fR");
            if (option.NeedsValue) page.Append($" \\fI{Escaped(option.TypeName)}\\fR");
            page.Append('\n').Append(Text(option.Summary + (option.DefaultText is { } value ? $" (default {value})" : "")));
        }
    }

    // A line of its own for each of the text's, none of which may look like a request.
    private static string Text(string text) => string.Join("\n.br\n", Escaped(text).Split('\n').Select(line => line is ['.' or '\'', ..] ? @"\&" + line : line)) + "\n";

    private static string Escaped(string text) => text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).Replace("\"", "\\(dq", StringComparison.Ordinal);
}
