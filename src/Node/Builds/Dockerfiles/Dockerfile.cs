namespace Yun.Node.Builds.Dockerfiles;

/// <summary>A Dockerfile understood: the ARGs before the first FROM, the stages, and what is remarkable about them.</summary>
/// <param name="Warnings">All that the text alone shows, in the order of lines; <paramref name="Checks"/> says which of them count.</param>
public sealed record Dockerfile(char Escape, IReadOnlyList<ArgInstruction> GlobalArguments, IReadOnlyList<Stage> Stages, CheckOptions Checks, IReadOnlyList<DockerfileWarning> Warnings)
{
    /// <exception cref="DockerfileException">With the line and what was expected there.</exception>
    public static Dockerfile Parse(string text)
    {
        var lexer = DockerfileLexer.Read(text);
        var global = new List<ArgInstruction>();
        var stages = new List<Stage>();
        foreach (var line in lexer.Instructions)
        {
            switch (InstructionParser.Parse(line, lexer.Escape))
            {
                case FromInstruction from:
                    if (from.StageName is { } name && stages.Exists(s => s.From.StageName == name))
                        throw new DockerfileException(line.PlaceOf(Words.Plain(line.Rest)[^1]), $"duplicate name {name}");
                    stages.Add(new Stage(stages.Count, from, []));
                    break;
                case ArgInstruction argument when stages.Count == 0:
                    global.Add(argument);
                    break;
                case var instruction when stages.Count > 0:
                    stages[^1].Instructions.Add(instruction);
                    break;
                default:
                    throw new DockerfileException(line.Line, "no build stage in current context: expected FROM first");
            }
        }
        if (stages.Count == 0) throw new DockerfileException(0, "no build stage: expected a FROM instruction");
        return new Dockerfile(lexer.Escape, global, stages, lexer.Checks, [.. lexer.Warnings.Concat(DockerfileChecks.Of(lexer.Escape, global, stages)).OrderBy(w => w.Line)]);
    }

    /// <summary>The instructions of an ONBUILD trigger or of <c>commit --change</c>.</summary>
    public static IReadOnlyList<Instruction> ParseInstructions(string text)
    {
        var lexer = DockerfileLexer.Read(text);
        return [.. lexer.Instructions.Select(line => InstructionParser.Parse(line, lexer.Escape))];
    }

    /// <summary>The stage of that name (in any case) or number.</summary>
    public Stage? FindStage(string nameOrNumber)
    {
        var lower = nameOrNumber.ToLowerInvariant();
        return Stages.LastOrDefault(s => s.From.StageName == lower)
            ?? (int.TryParse(nameOrNumber, out var index) && index >= 0 && index < Stages.Count ? Stages[index] : null);
    }
}

/// <summary>One FROM and what follows it.</summary>
public sealed record Stage(int Index, FromInstruction From, List<Instruction> Instructions);
