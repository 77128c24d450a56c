using Yun.DockerApi.Model;
using Yun.Node.Builds;

namespace Yun.DockerApi;

/// <summary>A build told step by step as it happens, for clients that show it live; Docker's classic words have no place for steps that go on at once.</summary>
internal sealed class BuildStepLines(ProgressLines lines)
{
    private readonly HashSet<BuildStep> _cached = new(ReferenceEqualityComparer.Instance);

    public void Tell(BuildEvent said)
    {
        if (said.Kind == BuildEventKind.Warning) lines.Write(new ProgressMessage { Stream = $"[WARNING] {said.Text}\n" });
        if (said is { Kind: BuildEventKind.Note, Step: null }) lines.Write(new ProgressMessage { Stream = said.Text });
        if (said.Step is not { TakesTime: true } step) return;
        if (said.Kind == BuildEventKind.Cached) _cached.Add(step);
        var state = said.Kind switch
        {
            BuildEventKind.Begun => "begun",
            BuildEventKind.Output or BuildEventKind.ErrorOutput => "said",
            BuildEventKind.Progress => "said",
            BuildEventKind.Ended => _cached.Remove(step) ? "cached" : "done",
            BuildEventKind.Failed => "failed",
            _ => null,
        };
        if (state is null) return;
        var text = said.Progress is { } progress ? $"{progress.Id} {progress.Status}".Trim() : state == "said" ? said.Text : null;
        lines.Write(new ProgressMessage { Aux = ProgressLines.Aux(new BuildStepMessage { Step = new BuildStepNews { Number = step.Number, Name = step.Name, State = state, Text = text } }, DockerApiJson.Default.BuildStepMessage) });
    }
}
