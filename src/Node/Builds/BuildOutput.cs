using System.Text;
using System.Threading.Channels;
using Yun.Images;
using Yun.Node.Builds.Dockerfiles;
using Yun.Oci;

namespace Yun.Node.Builds;

/// <summary>One thing a build does that takes time and may fail: an instruction, a transfer.</summary>
/// <param name="Text">The instruction as written.</param>
/// <param name="Number">Its place among the instructions of the build, from 1; 0 for what is no instruction.</param>
/// <param name="Total">How many instructions the build has.</param>
/// <param name="Line">Where it begins in the Dockerfile; 0 when it is not from there.</param>
/// <param name="Place">Its place in its stage, such as <c>stage-1 2/4</c>; null for an instruction that only changes the configuration.</param>
public sealed record BuildStep(string Text, int Number = 0, int Total = 0, int Line = 0, string? Place = null)
{
    /// <summary>True for what a reader waits for: everything but instructions that only change the configuration.</summary>
    public bool TakesTime => Place is not null || Number == 0;

    /// <summary>Place and text, as clients of BuildKit show it.</summary>
    public string Name => Place is null ? Text : $"[{Place}] {Text}";
}

public enum BuildEventKind
{
    Begun,
    /// <summary>The step's result was there already.</summary>
    Cached,
    Output,
    ErrorOutput,
    /// <summary>A transfer goes on.</summary>
    Progress,
    Ended,
    Failed,
    Warning,
    /// <summary>What the classic builder says besides, with its line's end.</summary>
    Note,
    /// <summary>A stage has become an image.</summary>
    Image,
}

/// <param name="Text">What a command wrote, a note or a warning.</param>
/// <param name="Image">What the step, or the stage, ended with.</param>
/// <param name="Failure">Why the step failed.</param>
/// <param name="Warning">What is remarkable about the Dockerfile.</param>
public sealed record BuildEvent(
    BuildEventKind Kind, BuildStep? Step = null, string Text = "", TransferProgress? Progress = null, Digest? Image = null, Exception? Failure = null, DockerfileWarning? Warning = null);

/// <summary>What a build tells, in order. Bounded: a client that does not read holds the build up, not the daemon's memory.</summary>
public sealed class BuildOutput
{
    private readonly Channel<BuildEvent> _events = Channel.CreateBounded<BuildEvent>(256);

    public ChannelReader<BuildEvent> Events => _events.Reader;

    public ValueTask BeginAsync(BuildStep step, CancellationToken cancel) => TellAsync(new BuildEvent(BuildEventKind.Begun, step), cancel);

    public ValueTask CachedAsync(BuildStep step, CancellationToken cancel) => TellAsync(new BuildEvent(BuildEventKind.Cached, step), cancel);

    public ValueTask EndAsync(BuildStep step, Digest? image, CancellationToken cancel) => TellAsync(new BuildEvent(BuildEventKind.Ended, step, Image: image), cancel);

    public ValueTask FailAsync(BuildStep step, Exception why, CancellationToken cancel) => TellAsync(new BuildEvent(BuildEventKind.Failed, step, Failure: why), cancel);

    /// <summary>Does the work as one step, whose end or failure is told.</summary>
    /// <param name="work">Gives the image that the step ended with, if it is one that makes images.</param>
    public async Task StepAsync(BuildStep step, Func<Task<Digest?>> work, CancellationToken cancel)
    {
        await BeginAsync(step, cancel);
        Digest? image;
        try { image = await work(); }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            await FailAsync(step, error, cancel);
            throw;
        }
        await EndAsync(step, image, cancel);
    }

    /// <param name="isError">The command wrote it to its standard error.</param>
    public ValueTask WrittenAsync(BuildStep step, string text, bool isError, CancellationToken cancel) =>
        TellAsync(new BuildEvent(isError ? BuildEventKind.ErrorOutput : BuildEventKind.Output, step, text), cancel);

    public ValueTask WarnAsync(DockerfileWarning warning, CancellationToken cancel) => TellAsync(new BuildEvent(BuildEventKind.Warning, Text: warning.Text, Warning: warning), cancel);

    /// <param name="step">What it is about; null when that is the build as a whole.</param>
    public ValueTask NoteAsync(BuildStep? step, string line, CancellationToken cancel) => TellAsync(new BuildEvent(BuildEventKind.Note, step, line + "\n"), cancel);

    public ValueTask ImageAsync(Digest image, CancellationToken cancel) => TellAsync(new BuildEvent(BuildEventKind.Image, Image: image), cancel);

    /// <summary>Progress comes from code that cannot wait; a line too many is left out, since the next one says more.</summary>
    public IProgress<TransferProgress> ProgressOf(BuildStep step) => new StepProgress(this, step);

    public void Complete() => _events.Writer.TryComplete();

    private ValueTask TellAsync(BuildEvent said, CancellationToken cancel) => _events.Writer.WriteAsync(said, cancel);

    private sealed class StepProgress(BuildOutput output, BuildStep step) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => output._events.Writer.TryWrite(new BuildEvent(BuildEventKind.Progress, step, Progress: value));
    }
}

/// <summary>Bytes of a process to text, without breaking a character that came in two pieces.</summary>
internal sealed class OutputDecoder
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public string Decode(ReadOnlySpan<byte> bytes)
    {
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        return new string(characters, 0, _decoder.GetChars(bytes, characters, flush: false));
    }
}
