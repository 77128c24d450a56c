using System.Text;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Cuts a Dockerfile into instructions: parser directives, comments, continued lines and here-documents end here.</summary>
public sealed class DockerfileLexer
{
    private readonly string _text;
    private int _at;
    private int _line;
    private bool _directivesOver;
    private readonly HashSet<string> _directives = [];

    private DockerfileLexer(string text) => _text = text.StartsWith('\uFEFF') ? text[1..] : text;

    /// <summary><c>\</c>, or <c>`</c> by <c># escape=`</c>.</summary>
    public char Escape { get; private set; } = '\\';

    public List<DockerfileWarning> Warnings { get; } = [];

    /// <summary>What <c># check=…</c> says.</summary>
    public CheckOptions Checks { get; private set; } = CheckOptions.None;

    public List<InstructionText> Instructions { get; } = [];

    /// <exception cref="DockerfileException">A directive or here-document is wrong, or there is no instruction.</exception>
    public static DockerfileLexer Read(string text)
    {
        var lexer = new DockerfileLexer(text);
        while (lexer.NextLine() is { } line) lexer.ReadInstruction(line);
        if (lexer.Instructions.Count == 0) throw new DockerfileException(0, "file with no instructions");
        return lexer;
    }

    private void ReadInstruction(string physical)
    {
        var line = TrimLineEnd(physical).TrimStart();
        Directive(line, Indent(physical));
        if (line.Length == 0 || line[0] == '#') return;

        var start = _line;
        var joined = new StringBuilder();
        var parts = new List<TextPart> { new(0, new TextPlace(start, Indent(physical) + 1)) };
        var blankLine = 0;
        var continued = Continues(line, out var part);
        joined.Append(part);
        while (continued && NextLine() is { } next)
        {
            next = TrimLineEnd(next);
            var content = next.AsSpan().TrimStart();
            if (content.StartsWith("#")) continue;
            if (content.IsEmpty)
            {
                blankLine = _line;
                continue;
            }
            parts.Add(new TextPart(joined.Length, new TextPlace(_line, 1)));
            continued = Continues(next, out part);
            joined.Append(part);
        }
        var text = joined.ToString();
        if (text.AsSpan().Trim().IsEmpty) return;
        if (blankLine > 0) Warnings.Add(new DockerfileWarning(DockerfileRule.NoEmptyContinuation, $"Empty continuation line in: {text}", blankLine));

        var instruction = new InstructionText(text, start, []) { Parts = parts };
        Instructions.Add(instruction with { Documents = ReadDocuments(instruction) });
    }

    private List<HereDocument> ReadDocuments(InstructionText instruction)
    {
        var documents = new List<HereDocument>();
        if (!TakesDocuments(instruction)) return documents;
        foreach (var announced in HereDocument.Announced(instruction.Text))
        {
            var content = new StringBuilder();
            while (true)
            {
                var line = NextLine() ?? throw new DockerfileException(PlaceOf(instruction, announced), $"unterminated heredoc: expected a line that is only {announced.Name}");
                var end = TrimLineEnd(line);
                if ((announced.StripTabs ? end.TrimStart('\t') : end) == announced.Name) break;
                content.Append(line);
            }
            documents.Add(announced with { Content = content.ToString() });
        }
        return documents;
    }

    private static TextPlace PlaceOf(InstructionText instruction, HereDocument announced)
    {
        for (var at = instruction.Text.IndexOf("<<", StringComparison.Ordinal); at >= 0; at = instruction.Text.IndexOf("<<", at + 2, StringComparison.Ordinal))
            if (instruction.Text.AsSpan(at + 2).TrimStart("- \t'\"").StartsWith(announced.Name)) return instruction.PlaceOf(at);
        return instruction.PlaceOf(0);
    }

    private static int Indent(string line) => line.Length - line.TrimStart().Length;

    private static bool TakesDocuments(InstructionText instruction)
    {
        if (instruction.Keyword.Equals("ONBUILD", StringComparison.OrdinalIgnoreCase))
            instruction = instruction.Trigger();
        if (instruction.Keyword.ToUpperInvariant() is not ("RUN" or "COPY" or "ADD")) return false;
        return !JsonForm.IsArray(InstructionFlags.Split(instruction.Rest).Arguments);
    }

    private bool Continues(string line, out string part)
    {
        var trimmed = line.AsSpan().TrimEnd(" \t");
        var continues = trimmed.Length > 0 && trimmed[^1] == Escape && (trimmed.Length == 1 || trimmed[^2] != Escape);
        part = continues ? trimmed[..^1].ToString() : line;
        return continues;
    }

    // Directives are comments of the form "# name=value" before anything else, each at most once.
    private void Directive(string line, int indent)
    {
        if (_directivesOver) return;
        _directivesOver = true;
        if (!line.StartsWith('#')) return;
        var equals = line.IndexOf('=');
        if (equals < 0) return;
        var name = line[1..equals].Trim().ToLowerInvariant();
        var value = line[(equals + 1)..].Trim();
        if (value.Length == 0 || name is not ("escape" or "syntax" or "check")) return;
        if (!_directives.Add(name)) throw new DockerfileException(_line, $"only one {name} parser directive can be used");
        var place = new TextPlace(_line, indent + line.IndexOf(value, equals, StringComparison.Ordinal) + 1);
        _directivesOver = false;
        if (name == "check") Checks = CheckOptions.Parse(value, place);
        if (name != "escape") return;
        if (value is not ("\\" or "`")) throw new DockerfileException(place, $"invalid escape token '{value}' does not match ` or \\");
        Escape = value[0];
    }

    private string? NextLine()
    {
        if (_at >= _text.Length) return null;
        _line++;
        var end = _text.IndexOf('\n', _at);
        var start = _at;
        _at = end < 0 ? _text.Length : end + 1;
        return _text[start.._at];
    }

    private static string TrimLineEnd(string line) => line.TrimEnd('\r', '\n');
}
