using System.Globalization;
using System.Text.Json;
using Yun.Commands.Api;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary>
/// A build on a terminal: a line for each step that is done, and below them one live line for each that goes on, with its time and the last that it said. A step that failed shows
/// what it said last.
/// </summary>
internal sealed class BuildDisplay(TextWriter output, Func<int> width) : IDisposable
{
    private const string EraseLine = "\e[2K", Dim = "\e[2m", Plain = "\e[0m";
    private const int SaidLinesMax = 30, RedrawMilliseconds = 200;

    private readonly Lock _lock = new();
    private readonly List<RunningStep> _running = [];
    private readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
    private Timer? _redraw;
    private int _live;

    /// <summary>Shows what the daemon tells until it ends.</summary>
    /// <param name="aux">Called with each result on the way.</param>
    /// <exception cref="FailureException">The build failed.</exception>
    public void Show(ApiResponse response, Action<JsonElement> aux)
    {
        _redraw = new Timer(_ => Redraw(), null, RedrawMilliseconds, RedrawMilliseconds);
        foreach (var message in response.ReadEach(DockerApiJson.Default.ProgressMessage))
        {
            lock (_lock)
            {
                if (message.ErrorDetail is { } error)
                {
                    Erase();
                    output.Flush();
                    throw new FailureException(error.Message, error.Code == 0 ? 1 : error.Code);
                }
                if (message.Aux is { } result)
                {
                    if (result.TryGetProperty("Step", out var step)) Tell(step.Deserialize(DockerApiJson.Default.BuildStepNews)!);
                    else aux(result);
                }
                else if (message.Stream is { Length: > 0 } text) Print(text.TrimEnd('\n'));
            }
        }
        lock (_lock) Erase();
    }

    public void Dispose() => _redraw?.Dispose();

    private void Redraw()
    {
        lock (_lock)
        {
            try { Draw(); }
            // The terminal is gone; whoever reads from the daemon is told so too.
            catch (IOException) { }
        }
    }

    private void Tell(BuildStepNews news)
    {
        var step = _running.Find(running => running.Number == news.Number && running.Name == news.Name);
        switch (news.State)
        {
            case "begun":
                _running.Add(new RunningStep(news.Number, news.Name, _clock.Elapsed));
                break;
            case "said" when step is not null:
                foreach (var line in (news.Text ?? "").Split('\n', '\r'))
                    if (Printable(line) is { Length: > 0 } said) step.Said.Enqueue(said);
                while (step.Said.Count > SaidLinesMax) step.Said.Dequeue();
                return;
            case "done" or "cached" or "failed" when step is not null:
                _running.Remove(step);
                Print(Line(news.State == "cached" ? "CACHED " : news.State == "failed" ? "FAILED " : "", step.Name, null, _clock.Elapsed - step.Begun));
                if (news.State == "failed")
                    foreach (var said in step.Said) Print($"   {Dim}{said}{Plain}");
                break;
        }
        Draw();
    }

    private void Print(string line)
    {
        Erase();
        output.Write($"{line}\n");
        Draw();
    }

    private void Draw()
    {
        Erase();
        foreach (var step in _running) output.Write($"{Line("", step.Name, step.Said.LastOrDefault(), _clock.Elapsed - step.Begun)}\n");
        _live = _running.Count;
        output.Flush();
    }

    private void Erase()
    {
        for (; _live > 0; _live--) output.Write($"\e[1A{EraseLine}");
    }

    /// <summary>A line that is as wide as the terminal: what goes on, and its time at the right.</summary>
    private string Line(string state, string name, string? said, TimeSpan time)
    {
        var end = string.Create(CultureInfo.InvariantCulture, $" {time.TotalSeconds:0.0}s");
        var room = Math.Max(10, width() - end.Length - 1);
        var text = $"=> {state}{Printable(name)}{(said is null ? "" : $"  {said}")}";
        return (text.Length > room ? text[..(room - 1)] + "…" : text.PadRight(room)) + end;
    }

    // Whatever a command writes, it writes nothing to this terminal.
    private static string Printable(string text) => new string([.. text.Where(c => !char.IsControl(c))]).TrimEnd();

    private sealed record RunningStep(int Number, string Name, TimeSpan Begun)
    {
        public Queue<string> Said { get; } = [];
    }
}
