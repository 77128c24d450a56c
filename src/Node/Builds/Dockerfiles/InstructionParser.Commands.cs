using Yun.Oci;

namespace Yun.Node.Builds.Dockerfiles;

internal sealed partial class InstructionParser
{
    private const long IntervalMin = 1_000_000;

    private CommandLine Command()
    {
        NoFlags();
        return CommandLine(_arguments);
    }

    private CommandLine CommandLine(string text)
    {
        if (JsonForm.TryParse(text, _source.PlaceOf(text), out var arguments)) return new CommandLine(arguments, false);
        return new CommandLine(text.Length > 0 ? [text] : [], true);
    }

    private RunInstruction Run()
    {
        var flags = Flags(single: ["network", "security"], repeatable: ["mount"]);
        var network = flags.Single("network");
        if (network is not (null or "default" or "none" or "host")) throw Wrong($"invalid network mode: {network}: expected default, none or host", network);
        if (flags.Single("security") is not (null or "sandbox") and var security)
            throw Wrong($"security mode {security} is not granted to builds: expected sandbox", security);
        var mounts = flags.All("mount");
        foreach (var mount in mounts)
            if (!mount.Contains('$')) RunMount.Parse(mount, _source.PlaceOf(mount));

        var command = CommandLine(_arguments);
        if (command.Arguments.Count == 0) throw Missing("RUN requires at least one argument");
        return new RunInstruction(Text, Line, command, _source.Documents, mounts, network);
    }

    private CopyInstruction Copy(bool isAdd)
    {
        var flags = isAdd
            ? Flags(single: ["chown", "chmod", "checksum", "keep-git-dir", "unpack"], boolean: ["link"], repeatable: ["exclude"])
            : Flags(single: ["chown", "chmod", "from"], boolean: ["link", "parents"], repeatable: ["exclude"]);
        foreach (var refused in new[] { "keep-git-dir", "unpack" })
            if (flags.Single(refused) is not null) throw Wrong($"the --{refused} option of ADD needs BuildKit, which this builder is not", $"--{refused}");

        var words = JsonForm.TryParse(_arguments, ArgumentsPlace, out var list) ? list : Words.Plain(_arguments);
        if (words.Count == 0) throw Missing($"{_name} requires at least one argument");
        if (words.Count < 2) throw Missing($"{_name} requires at least two arguments, but only one was provided. Destination could not be determined");
        var destination = words[^1];
        if (list is null && HereDocument.FromWord(destination) is not null) throw Wrong($"{_name} cannot accept a heredoc as a destination", destination);

        var sources = new List<string>();
        var documents = new List<HereDocument>();
        foreach (var word in words[..^1])
        {
            if (list is null && HereDocument.FromWord(word) is { } announced)
                documents.Add(_source.Documents.First(d => d.Name == announced.Name));
            else sources.Add(word);
        }
        return new CopyInstruction(
            Text, Line, isAdd, sources, documents, destination, flags.Single("from"), flags.Single("chown"), flags.Single("chmod"),
            flags.IsSet("link"), flags.IsSet("parents"), flags.All("exclude"), flags.Single("checksum"));
    }

    private HealthcheckInstruction Healthcheck()
    {
        var type = Words.Plain(_arguments).FirstOrDefault() ?? throw Missing("HEALTHCHECK requires at least one argument");
        var (rest, written) = (_arguments.TrimStart()[type.Length..].Trim(), type);
        type = type.ToUpperInvariant();
        if (type == "NONE")
        {
            NoFlags();
            return rest.Length == 0 ? new(Text, Line, new HealthConfig { Test = ["NONE"] }) : throw Wrong("HEALTHCHECK NONE takes no arguments", rest);
        }
        var flags = Flags(single: ["interval", "timeout", "start-period", "start-interval", "retries"]);
        if (type != "CMD") throw Wrong($"Unknown type {GoText.Quote(type)} in HEALTHCHECK (try CMD)", written);
        var command = CommandLine(rest);
        if (command.Arguments.Count == 0) throw Missing("Missing command after HEALTHCHECK CMD");
        return new HealthcheckInstruction(Text, Line, new HealthConfig
        {
            Test = [command.IsShellForm ? "CMD-SHELL" : "CMD", .. command.Arguments],
            Interval = Interval(flags, "interval"),
            Timeout = Interval(flags, "timeout"),
            StartPeriod = Interval(flags, "start-period"),
            StartInterval = Interval(flags, "start-interval"),
            Retries = Retries(flags.Single("retries")),
        });
    }

    private long Interval(InstructionFlags flags, string name)
    {
        if (flags.Single(name) is not { Length: > 0 } text) return 0;
        var duration = GoDuration.Parse(text) ?? throw Wrong($"invalid duration {GoText.Quote(text)} for --{name}: expected something like 1m30s", text);
        return duration is 0 or >= IntervalMin ? duration : throw Wrong($"Interval {GoText.Quote(name)} cannot be less than 1ms", text);
    }

    private int Retries(string? text)
    {
        if (string.IsNullOrEmpty(text)) return 0;
        if (!int.TryParse(text, out var retries)) throw Wrong($"invalid number {GoText.Quote(text)} for --retries", text);
        return retries >= 0 ? retries : throw Wrong($"--retries cannot be negative ({retries})", text);
    }
}
