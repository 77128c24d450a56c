namespace Yun.Node.Builds.Dockerfiles;

/// <summary>From an instruction's text to what it says; every rule of its syntax that needs no variable is checked here.</summary>
internal sealed partial class InstructionParser
{
    private readonly InstructionText _source;
    private readonly char _escape;
    private readonly string _name;
    private readonly string _arguments;
    private readonly IReadOnlyList<string> _flagWords;

    private InstructionParser(InstructionText source, char escape)
    {
        (_source, _escape) = (source, escape);
        _name = source.Keyword.ToUpperInvariant();
        (_flagWords, _arguments) = InstructionFlags.Split(source.Rest);
    }

    /// <exception cref="DockerfileException">With the line and what was expected there.</exception>
    public static Instruction Parse(InstructionText source, char escape) => new InstructionParser(source, escape).Parse();

    private string Text => _source.Text.Trim();

    private int Line => _source.Line;

    private Instruction Parse()
    {
        var instruction = Read() with { Source = _source };
        InstructionVariables.Check(instruction, _escape);
        return instruction;
    }

    private Instruction Read() => _name switch
    {
        "FROM" => From(),
        "ARG" => Arg(),
        "ENV" => new EnvInstruction(Text, Line, Pairs()),
        "LABEL" => new LabelInstruction(Text, Line, Pairs()),
        "MAINTAINER" => new MaintainerInstruction(Text, Line, ExactlyOne()),
        "ADD" => Copy(isAdd: true),
        "COPY" => Copy(isAdd: false),
        "RUN" => Run(),
        "CMD" => new CmdInstruction(Text, Line, Command()),
        "ENTRYPOINT" => new EntrypointInstruction(Text, Line, Command()),
        "HEALTHCHECK" => Healthcheck(),
        "EXPOSE" => new ExposeInstruction(Text, Line, [.. AtLeastOne(Words.Plain(_arguments)).Order(StringComparer.Ordinal)]),
        "USER" => new UserInstruction(Text, Line, ExactlyOne()),
        "VOLUME" => Volume(),
        "WORKDIR" => new WorkdirInstruction(Text, Line, ExactlyOne()),
        "STOPSIGNAL" => new StopSignalInstruction(Text, Line, ExactlyOne()),
        "SHELL" => Shell(),
        "ONBUILD" => OnBuild(),
        _ => throw Unknown(),
    };

    private FromInstruction From()
    {
        var flags = Flags(single: ["platform"]);
        var words = Words.Plain(_arguments);
        string? name = null;
        if (words.Count == 3 && words[1].Equals("as", StringComparison.OrdinalIgnoreCase))
        {
            name = words[2].ToLowerInvariant();
            if (!char.IsAsciiLetterLower(name[0]) || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.'))
                throw Wrong($"invalid name for build stage: {GoText.Quote(words[2])}, name can't start with a number or contain symbols", words[2]);
            if (name is "scratch" or "context") throw Wrong($"invalid name for build stage: {GoText.Quote(words[2])}, the name is reserved", words[2]);
        }
        else if (words.Count != 1)
        {
            const string problem = "FROM requires either one or three arguments";
            throw words.Count == 0 ? Missing(problem) : Wrong(problem, words[1]);
        }
        return new FromInstruction(Text, Line, words[0], name, flags.Single("platform"));
    }

    private ArgInstruction Arg()
    {
        NoFlags();
        var declared = new List<ArgDeclaration>();
        foreach (var word in AtLeastOne(Words.Quoted(_arguments, _escape)))
        {
            var equals = word.IndexOf('=');
            if (equals == 0) throw Wrong("ARG names can not be blank", word);
            declared.Add(equals < 0 ? new ArgDeclaration(word, null) : new ArgDeclaration(word[..equals], word[(equals + 1)..]));
        }
        return new ArgInstruction(Text, Line, declared);
    }

    // Both "NAME=value NAME=value" and the old "NAME all the rest".
    private List<KeyValuePair<string, string>> Pairs()
    {
        NoFlags();
        var words = AtLeastOne(Words.Quoted(_arguments, _escape));
        if (!words[0].Contains('='))
        {
            var name = Words.Plain(_arguments)[0];
            var value = _arguments.TrimStart()[name.Length..].TrimStart();
            return value.Length == 0 ? throw Missing($"{_name} must have two arguments") : [new(name, value)];
        }
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var word in words)
        {
            var equals = word.IndexOf('=');
            if (equals < 0) throw Wrong($"Syntax error - can't find = in {GoText.Quote(word)}. Must be of the form: name=value", word);
            if (equals == 0) throw Wrong($"{_name} names can not be blank", word);
            pairs.Add(new(word[..equals], word[(equals + 1)..]));
        }
        return pairs;
    }

    private VolumeInstruction Volume()
    {
        NoFlags();
        var paths = AtLeastOne(JsonForm.TryParse(_arguments, ArgumentsPlace, out var list) ? list : Words.Plain(_arguments));
        if (paths.Exists(string.IsNullOrWhiteSpace)) throw Wrong("VOLUME specified can not be an empty string");
        return new VolumeInstruction(Text, Line, [.. paths.Select(p => p.Trim())]);
    }

    private ShellInstruction Shell()
    {
        NoFlags();
        if (JsonForm.TryParse(_arguments, ArgumentsPlace, out var shell)) return new ShellInstruction(Text, Line, AtLeastOne(shell));
        AtLeastOne(Words.Plain(_arguments));
        throw Wrong($"SHELL requires the arguments to be in JSON form: {Text}", _arguments);
    }

    private OnBuildInstruction OnBuild()
    {
        // What looks like flags of ONBUILD is a trigger that begins with "--", which no instruction does.
        if (_source.Rest.Length == 0) throw Missing("ONBUILD requires at least one argument");
        var trigger = _source.Trigger();
        var name = trigger.Keyword.ToUpperInvariant();
        if (name == "ONBUILD") throw Wrong("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", trigger.Keyword);
        if (name is "MAINTAINER" or "FROM") throw Wrong($"{name} isn't allowed as an ONBUILD trigger", trigger.Keyword);
        Parse(trigger, _escape);
        return new OnBuildInstruction(Text, Line, string.Concat([_source.Rest, .. _source.Documents.Select(d => $"\n{d.Content}{d.Name}")]));
    }

    private InstructionFlags Flags(string[]? single = null, string[]? boolean = null, string[]? repeatable = null) =>
        InstructionFlags.Parse(_flagWords, _source, single, boolean, repeatable);

    private void NoFlags() => Flags();

    private List<string> AtLeastOne(List<string> words) => words.Count > 0 ? words : throw Missing($"{_name} requires at least one argument");

    private string ExactlyOne()
    {
        NoFlags();
        return _arguments.Length > 0 ? _arguments : throw Missing($"{_name} requires exactly one argument");
    }

    private DockerfileException Unknown()
    {
        var meant = Suggestion.For(_name, InstructionForm.Names);
        return Wrong($"unknown instruction: {_source.Keyword}{(meant.Length > 0 ? meant : $": expected one of {string.Join(", ", InstructionForm.Names)}")}");
    }

    private TextPlace ArgumentsPlace => _source.PlaceOf(_source.Text.IndexOf(_arguments, StringComparison.Ordinal));

    /// <param name="at">The word that is wrong, as written; the whole instruction where it is null.</param>
    private DockerfileException Wrong(string problem, string? at = null) => new(at is null ? _source.PlaceOf(0) : _source.PlaceOf(at), problem);

    private DockerfileException Missing(string problem) => new(_source.End(), $"{problem}: expected {InstructionForm.Of(_name)}");
}
