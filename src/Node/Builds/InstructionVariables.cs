using Yun.Node.Builds.Dockerfiles;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>Replaces the variables of an instruction where Docker does: not in RUN, CMD, ENTRYPOINT (the shell does that), SHELL, HEALTHCHECK and ONBUILD.</summary>
public sealed class InstructionVariables(char escape, IReadOnlyDictionary<string, string> variables)
{
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
                ExposeInstruction expose => expose with { Ports = [.. expose.Ports.SelectMany(p => WordExpansion.ToWords(p, escape, variables))] },
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

    public string Word(string text) => WordExpansion.Word(text, escape, variables);

    private string? Maybe(string? text) => text is null ? null : Word(text);

    private List<string> List(IReadOnlyList<string> list) => [.. list.Select(Word)];

    private List<KeyValuePair<string, string>> Pairs(IReadOnlyList<KeyValuePair<string, string>> pairs) =>
        [.. pairs.Select(p => KeyValuePair.Create(Word(p.Key), Word(p.Value)))];

    private CopyInstruction Copy(CopyInstruction copy) => copy with
    {
        Sources = List(copy.Sources),
        Documents = [.. copy.Documents.Select(d => d with { Content = d.Expand ? WordExpansion.Document(d.Body, escape, variables) : d.Body, StripTabs = false })],
        Destination = Word(copy.Destination),
        Owner = Maybe(copy.Owner),
        Mode = Maybe(copy.Mode),
        Excludes = List(copy.Excludes),
        Checksum = Maybe(copy.Checksum),
    };
}
