using System.Text;
using System.Threading.Channels;
using Yun.Images;
using Yun.Oci;

namespace Yun.Node.Builds;

/// <summary>One thing a build says: text for the terminal, the progress of a pull, or the image a stage ended with.</summary>
public readonly record struct BuildEvent(string? Text = null, TransferProgress? Progress = null, Digest? Image = null);

/// <summary>What a build says, in order. Bounded: a client that does not read holds the build up, not the daemon's memory.</summary>
public sealed class BuildOutput
{
    private readonly Channel<BuildEvent> _events = Channel.CreateBounded<BuildEvent>(256);

    public ChannelReader<BuildEvent> Events => _events.Reader;

    public ValueTask TextAsync(string text, CancellationToken cancel) => _events.Writer.WriteAsync(new BuildEvent(text), cancel);

    public ValueTask LineAsync(string line, CancellationToken cancel) => TextAsync(line + "\n", cancel);

    /// <summary>Docker colours what a command says on its standard error.</summary>
    public ValueTask ErrorTextAsync(string text, CancellationToken cancel) => TextAsync($"\e[91m{text}\e[0m", cancel);

    public ValueTask ImageAsync(Digest image, CancellationToken cancel) => _events.Writer.WriteAsync(new BuildEvent(Image: image), cancel);

    /// <summary>Progress comes from code that cannot wait; a line too many is left out, since the next one says more.</summary>
    public void Progress(TransferProgress progress) => _events.Writer.TryWrite(new BuildEvent(Progress: progress));

    public void Complete() => _events.Writer.TryComplete();
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
