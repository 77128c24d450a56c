using Yun.Node.Builds.Dockerfiles;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>An instruction that will be done.</summary>
/// <param name="Needs">The stages that must have been built before.</param>
internal sealed record PlannedStep(BuildStep Step, Instruction Instruction, IReadOnlyList<Stage> Needs);

/// <summary>A stage that will be built.</summary>
internal sealed record PlannedStage(Stage Stage, PlannedStep From, IReadOnlyList<PlannedStep> Steps);

/// <summary>What a build will do: only the stages that its target needs, and all their instructions numbered.</summary>
internal sealed record BuildPlan(IReadOnlyList<BuildStep> GlobalArguments, IReadOnlyList<PlannedStage> Stages)
{
    /// <summary>Takes the global arguments into the run's: FROM, and with it which stages are needed, hangs on them.</summary>
    /// <exception cref="EngineException">There is no such target, or a word cannot be read.</exception>
    public static BuildPlan Of(BuildRun run)
    {
        var dockerfile = run.Dockerfile;
        var target = run.Request.Target is { Length: > 0 } name
            ? dockerfile.FindStage(name) ?? throw new EngineException(ErrorKind.InvalidArgument, $"failed to reach build target {name} in Dockerfile")
            : dockerfile.Stages[^1];
        foreach (var (key, value) in run.Request.Labels.OrderBy(l => l.Key, StringComparer.Ordinal))
            target.Instructions.Add(new LabelInstruction($"LABEL {key}={value}", target.From.Line, [new(Literal(key), Literal(value))]));

        foreach (var argument in dockerfile.GlobalArguments)
            foreach (var (argumentName, value) in ((ArgInstruction)Variables().Replace(argument)).Arguments) run.Arguments.DeclareGlobal(argumentName, value);
        var stages = StagePlan.Needed(dockerfile, target, BaseOf, IsContext);
        var (number, total) = (0, dockerfile.GlobalArguments.Count + stages.Sum(s => 1 + s.Instructions.Count));
        return new BuildPlan(
            [.. dockerfile.GlobalArguments.Select(a => new BuildStep(a.Text, ++number, total, a.Line))],
            [.. stages.Select(Planned)]);

        PlannedStage Planned(Stage stage)
        {
            var (place, places) = (1, 1 + stage.Instructions.Count(TakesTime));
            // As BuildKit tells the platforms of one build apart.
            var platform = run.Request.Platforms.Count > 1 ? $"{run.Request.Platform} " : "";
            var prefix = platform + (dockerfile.Stages.Count == 1 ? "" : (stage.From.StageName ?? $"stage-{stage.Index}") + " ");
            var from = new BuildStep(stage.From.Text, ++number, total, stage.From.Line, $"{prefix}1/{places}");
            return new PlannedStage(stage, new PlannedStep(from, stage.From, !IsContext(BaseOf(stage)) && StagePlan.Earlier(dockerfile, BaseOf(stage), stage) is { } earlier ? [earlier] : []),
                [.. stage.Instructions.Select(i => new PlannedStep(
                    new BuildStep(i.Text, ++number, total, i.Line, TakesTime(i) ? $"{prefix}{++place}/{places}" : null), i, StagePlan.Needed(dockerfile, i, stage, IsContext)))]);
        }

        string BaseOf(Stage stage) => Variables().Word(stage.From.BaseName);

        bool IsContext(string name) => run.Request.FindContext(name) is not null;

        InstructionVariables Variables() => new(dockerfile.Escape, run.Arguments.Global());

        // What comes from the request is no Dockerfile text: nothing in it is a variable.
        string Literal(string text) => string.Concat(text.Select(c => c == '$' || c == '"' || c == '\'' || c == dockerfile.Escape ? $"{dockerfile.Escape}{c}" : c.ToString()));
    }

    private static bool TakesTime(Instruction instruction) => instruction is RunInstruction or CopyInstruction or WorkdirInstruction;
}
