using Yun.Node.Builds.Dockerfiles;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>Replaces the variables of an instruction where Docker does: not in RUN, CMD, ENTRYPOINT (the shell does that), SHELL, HEALTHCHECK and ONBUILD.</summary>
public sealed class InstructionVariables(char escape, IReadOnlyDictionary<string, string> variables)
{
    private readonly InstructionText? _checked;

    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    private InstructionVariables(char escape, InstructionText source) : this(escape, new Dictionary<string, string>()) => _checked = source;

    /// <summary>Finds what is wrong with an instruction's words whatever the values of their variables are.</summary>
    /// <returns>The variables whose values it takes as they are, without saying what holds when one is not set.</returns>
    /// <exception cref="DockerfileException">With the place of the word.</exception>
    public static IReadOnlyCollection<string> Check(Instruction instruction, char escape)
    {
        if (instruction.Source is not { } source) return [];
        var check = new InstructionVariables(escape, source);
        if (instruction is FromInstruction from) check.Word(from.BaseName);
        else check.Replace(instruction);
        return check._taken;
    }

    /// <exception cref="EngineException">A word is malformed; the text says which and the line.</exception>
    public Instruction Replace(Instruction instruction)
    {
        try
        {
            return instruction switch
            {
                EnvInstruction env => env with { Variables = Pairs(env.Variables) },
                LabelInstruction label => label with { Labels = Pairs(label.Labels) },
                ArgInstruction arg => arg with { Arguments = [.. arg.Arguments.Select(a => new ArgDeclaration(Word(a.Name), Maybe(a.Default)))] },
                CopyInstruction copy => Copy(copy),
                RunInstruction run when run.Mounts.Any(m => m.Contains('$')) => run with { Mounts = List(run.Mounts) },
                ExposeInstruction expose => expose with { Ports = [.. expose.Ports.SelectMany(Words)] },
                UserInstruction user => user with { User = Word(user.User) },
                VolumeInstruction volume => volume with { Paths = List(volume.Paths) },
                WorkdirInstruction workdir => workdir with { Path = Word(workdir.Path) },
                StopSignalInstruction stop => stop with { Signal = Word(stop.Signal) },
                _ => instruction,
            };
        }
        catch (EngineException error)
        {
            throw new EngineException(error.Kind, $"dockerfile line {instruction.Line}: {error.Message}", error);
        }
    }

    public string Word(string text) => _checked is null ? WordExpansion.Word(text, escape, variables) : Checked(text, text);

    private IEnumerable<string> Words(string text) => _checked is null ? WordExpansion.ToWords(text, escape, variables) : [Checked(text, text)];

    private string Document(HereDocument document)
    {
        if (!document.Expand) return document.Body;
        return _checked is null ? WordExpansion.Document(document.Body, escape, variables) : Checked(document.Body, document.Name, isDocument: true);
    }

    private string Checked(string text, string shown, bool isDocument = false)
    {
        try { _taken.UnionWith(WordExpansion.Check(text, escape, isDocument)); }
        catch (EngineException error) { throw new DockerfileException(_checked!.PlaceOf(shown), error.Message); }
        return text;
    }

    private string? Maybe(string? text) => text is null ? null : Word(text);

    private List<string> List(IReadOnlyList<string> list) => [.. list.Select(Word)];

    private List<KeyValuePair<string, string>> Pairs(IReadOnlyList<KeyValuePair<string, string>> pairs) =>
        [.. pairs.Select(p => KeyValuePair.Create(Word(p.Key), Word(p.Value)))];

    private CopyInstruction Copy(CopyInstruction copy) => copy with
    {
        Sources = List(copy.Sources),
        Documents = [.. copy.Documents.Select(d => d with { Content = Document(d), StripTabs = false })],
        Destination = Word(copy.Destination),
        Owner = Maybe(copy.Owner),
        Mode = Maybe(copy.Mode),
        Excludes = List(copy.Excludes),
        Checksum = Maybe(copy.Checksum),
    };
}
