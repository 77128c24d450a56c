using Yun.Node.Builds;

namespace Yun.DockerApi;

/// <summary>A build in the words of Docker's classic builder.</summary>
internal static class ClassicBuildText
{
    /// <summary>What it says of an event, with its lines' ends; null when it says nothing.</summary>
    public static string? Of(BuildEvent said) => said.Kind switch
    {
        BuildEventKind.Begun when said.Step is { Number: > 0 } step => $"Step {step.Number}/{step.Total} : {step.Text}\n",
        BuildEventKind.Cached => " ---> Using cache\n",
        BuildEventKind.Ended when said.Step is { Number: > 0 } => $" ---> {said.Image?.Short}\n",
        BuildEventKind.Output or BuildEventKind.Note => said.Text,
        BuildEventKind.ErrorOutput => Coloured(said.Text),
        BuildEventKind.Warning => Coloured(said.Text + "\n"),
        _ => null,
    };

    // As Docker colours what a command says on its standard error.
    private static string Coloured(string text) => $"\e[91m{text}\e[0m";
}
