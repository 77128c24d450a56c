using Yun.Commands.Format;

namespace Yun.Commands.CommandLine;

/// <summary>
/// One command: its options, declared in the constructor, and what it does. A command is made only when it is asked for, so that a client
/// command pays for its own options and no others.
/// </summary>
public abstract class Command(string arguments)
{
    private readonly List<Option> _options = [];

    /// <summary>What follows the command's name in its usage line.</summary>
    public string Arguments => arguments;
    public IReadOnlyList<Option> Options => _options;
    /// <summary>More sentences for help, after the summary.</summary>
    public string? Details { get; protected set; }
    /// <summary>What one types after the program's name, each with what it does.</summary>
    public IReadOnlyList<(string Line, string Effect)> Examples { get; protected set; } = [];
    public int ArgumentsMin { get; protected set; }
    public int ArgumentsMax { get; protected set; } = int.MaxValue;
    /// <summary>What comes after the first argument belongs to somebody else: <c>run IMAGE -x</c>.</summary>
    public bool StopsAtFirstArgument { get; protected set; }
    /// <summary>Failures point to the help; their exit code is chosen by <see cref="FailureCode"/>.</summary>
    public bool PointsToHelp { get; protected set; }

    /// <returns>The exit code.</returns>
    public abstract int Run(Session session, IReadOnlyList<string> arguments);

    /// <summary>The exit code when the daemon refuses; <c>run</c> has its own, which scripts tell from the container's.</summary>
    public virtual int FailureCode(Exception error) => 1;

    protected T Add<T>(T option) where T : Option
    {
        _options.Add(option);
        return option;
    }

    protected Flag AddFlag(string name, char? shorthand, string summary, bool value = false) =>
        Add(new Flag(name, shorthand, summary, value) { DefaultText = value ? "true" : null });

    protected Setting<string?> AddText(string name, char? shorthand, string summary, string typeName = "string") =>
        Add(new Setting<string?>(name, shorthand, typeName, summary, null, text => text));

    protected Setting<string> AddText(string name, char? shorthand, string summary, string value, string typeName) =>
        Add(new Setting<string>(name, shorthand, typeName, summary, value, text => text) { DefaultText = typeName == "string" ? $"\"{value}\"" : value });

    protected Setting<long?> AddNumber(string name, char? shorthand, string summary, string? defaultText = null, string typeName = "int") =>
        Add(new Setting<long?>(name, shorthand, typeName, summary, null, text => Numbers.ParseInteger(text)) { DefaultText = defaultText });

    protected Setting<long?> AddBytes(string name, char? shorthand, string summary) =>
        Add(new Setting<long?>(name, shorthand, "bytes", summary, null, text => HumanSize.ParseBinary(text)));

    protected Setting<long?> AddDuration(string name, char? shorthand, string summary) =>
        Add(new Setting<long?>(name, shorthand, "duration", summary, null, text => GoDuration.ParseNanoseconds(text)) { DefaultText = "0s" });

    protected ListOption<string> AddList(string name, char? shorthand, string summary, Func<string, string>? check = null) =>
        Add(new ListOption<string>(name, shorthand, "list", summary, text => [check is null ? text : check(text)]));

    /// <summary>As <see cref="AddList"/>, and a comma divides as well.</summary>
    protected ListOption<string> AddStrings(string name, char? shorthand, string summary) =>
        Add(new ListOption<string>(name, shorthand, "strings", summary, text => text.Split(',')));

    protected ListOption<KeyValuePair<string, string>> AddMap(string name, char? shorthand, string summary) =>
        Add(new ListOption<KeyValuePair<string, string>>(name, shorthand, "map", summary, text => [KeyValue.Parse(text)]) { DefaultText = "map[]" });

    protected ListOption<string> AddFilters(string name, char? shorthand, string summary) =>
        Add(new ListOption<string>(name, shorthand, "filter", summary, text =>
            text.Length == 0 || text.Contains('=', StringComparison.Ordinal) ? [text] : throw new FormatException("bad format of filter (expected name=value)")));

    protected Setting<string?> AddFormat(bool table, char? shorthand = null) =>
        AddText("format", shorthand, table ? TableFormat : PlainFormat);

    private const string TableFormat =
        "Format output using a custom template:\n'table':            Print output in table format with column headers (default)\n" +
        "'table TEMPLATE':   Print output in table format using the given Go template\n" + Formats;

    private const string PlainFormat = "Format output using a custom template:\n" + Formats;

    private const string Formats =
        "'json':             Print in JSON format\n'TEMPLATE':         Print output using the given Go template.\n" +
        "Refer to https://docs.docker.com/go/formatting/ for more information about formatting output with templates";
}
