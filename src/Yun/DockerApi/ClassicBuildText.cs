using Yun.Node.Builds;

namespace Yun.DockerApi;

/// <summary>
/// A build in the words of Docker's classic builder, which does one step after the other. Stages that are built at once are told one after the other too:
/// what a later step says waits until the earlier ones have ended.
/// </summary>
/// <param name="write">Takes text with its lines' ends.</param>
internal sealed class ClassicBuildText(Action<string> write)
{
    // What a step may say while an earlier one goes on; a command that never stops talking must not fill the memory.
    private const int WaitingCharactersMax = 4 << 20;

    private readonly SortedDictionary<int, Waiting> _waiting = [];
    private int _current = 1;

    public void Tell(BuildEvent said)
    {
        if (said.Step is { Number: var number } && number != _current)
        {
            if (number > _current) WaitingAt(number).Add(said);
            return;
        }
        if (said is { Kind: BuildEventKind.Note, Step: null }) TellWaiting();
        Write(said);
        if (said.Step is null || said.Kind is not (BuildEventKind.Ended or BuildEventKind.Failed)) return;
        _current++;
        if (!_waiting.Remove(_current, out var next)) return;
        foreach (var held in next.Events) Tell(held);
    }

    /// <summary>The build is over: tells what still waits, of steps that others have stopped.</summary>
    public void TellWaiting()
    {
        foreach (var waiting in _waiting.Values)
            foreach (var held in waiting.Events) Write(held);
        _waiting.Clear();
    }

    private void Write(BuildEvent said)
    {
        if (TextOf(said) is { } text) write(text);
    }

    private Waiting WaitingAt(int number) => _waiting.TryGetValue(number, out var known) ? known : _waiting[number] = new Waiting();

    private static string? TextOf(BuildEvent said) => said.Kind switch
    {
        BuildEventKind.Begun when said.Step is { Number: > 0 } step => $"Step {step.Number}/{step.Total} : {step.Text}\n",
        BuildEventKind.Cached => " ---> Using cache\n",
        // An ARG before the first FROM is no part of any image.
        BuildEventKind.Ended when said is not { Image: null, Step.Place: null } => $" ---> {said.Image?.Short}\n",
        BuildEventKind.Output or BuildEventKind.Note => said.Text,
        BuildEventKind.ErrorOutput => Coloured(said.Text),
        BuildEventKind.Warning => Coloured($"[WARNING] {said.Text}\n"),
        _ => null,
    };

    // As Docker colours what a command says on its standard error.
    private static string Coloured(string text) => $"\e[91m{text}\e[0m";

    private sealed class Waiting
    {
        private int _characters;

        public List<BuildEvent> Events { get; } = [];

        public void Add(BuildEvent said)
        {
            var before = _characters;
            _characters += said.Text.Length;
            if (_characters <= WaitingCharactersMax || said.Text.Length == 0) Events.Add(said);
            else if (before <= WaitingCharactersMax) Events.Add(said with { Text = "[the rest of this step's output is left out]\n" });
        }
    }
}
