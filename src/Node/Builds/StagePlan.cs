using Yun.Node.Builds.Dockerfiles;

namespace Yun.Node.Builds;

/// <summary>Which stages a target needs: itself, and those it starts from, copies from or mounts.</summary>
internal static class StagePlan
{
    /// <param name="baseOf">A stage's FROM with its variables replaced.</param>
    /// <param name="isContext">Whether a name stands for a named context, and thus for no stage.</param>
    public static IReadOnlyList<Stage> Needed(Dockerfile dockerfile, Stage target, Func<Stage, string> baseOf, Func<string, bool> isContext)
    {
        var needed = new HashSet<int>();
        var open = new Stack<Stage>([target]);
        while (open.TryPop(out var stage))
        {
            if (!needed.Add(stage.Index)) continue;
            foreach (var name in stage.Instructions.SelectMany(Sources).Append(baseOf(stage)).Where(name => !isContext(name)))
                if (Earlier(dockerfile, name, stage) is { } earlier) open.Push(earlier);
        }
        return [.. dockerfile.Stages.Where(s => needed.Contains(s.Index))];
    }

    /// <summary>The stages that must be there before the instruction can be done.</summary>
    public static IReadOnlyList<Stage> Needed(Dockerfile dockerfile, Instruction instruction, Stage stage, Func<string, bool> isContext) =>
        [.. Sources(instruction).Where(name => !isContext(name)).Select(name => Earlier(dockerfile, name, stage)).OfType<Stage>()];

    public static Stage? Earlier(Dockerfile dockerfile, string name, Stage stage) =>
        dockerfile.FindStage(name) is { } found && found.Index < stage.Index ? found : null;

    private static IEnumerable<string> Sources(Instruction instruction)
    {
        if (instruction is CopyInstruction { From: { } from }) yield return from;
        if (instruction is not RunInstruction run) yield break;
        foreach (var mount in run.Mounts)
            foreach (var field in mount.Split(','))
                if (field.StartsWith("from=", StringComparison.OrdinalIgnoreCase)) yield return field["from=".Length..];
    }
}
