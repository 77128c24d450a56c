using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Yun.Protocol;

namespace Yun.Node.Machines.Agents;

/// <summary>
/// The agent that a guest runs for its hypervisor (qemu-guest-agent), as the other end of a virtio port. It does one thing at a time, and a guest that restarts forgets what it
/// was asked. So each command follows a mark that comes back before its answer: what was left over from earlier ones is not taken for it. What the guest says is bounded and
/// only looked at where it is understood. Safe for concurrent use.
/// </summary>
/// <param name="name">The machine's, for errors.</param>
internal sealed class GuestAgent(Stream stream, string name) : IDisposable
{
    // An agent keeps 16 MiB of each of a command's two streams, which grow by a third on the way.
    private const int LineBytesMax = 64 << 20, BufferBytes = 64 << 10;
    private const byte Mark = 0xFF;

    private static readonly TimeSpan s_silenceMax = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start, _end;

    /// <exception cref="EngineException">InvalidArgument: the agent refused it, in its own words. Unavailable: it does not answer, or not what was asked.</exception>
    public async Task<T> AskAsync<T>(string command, JsonTypeInfo<T> answer, CancellationToken cancel) => Read(await AskAsync(command, null, cancel), command, answer);

    /// <inheritdoc cref="AskAsync{T}(string, JsonTypeInfo{T}, CancellationToken)"/>
    public async Task<TAnswer> AskAsync<TArguments, TAnswer>(string command, TArguments arguments, JsonTypeInfo<TArguments> type, JsonTypeInfo<TAnswer> answer, CancellationToken cancel) =>
        Read(await AskAsync(command, writer => JsonSerializer.Serialize(writer, arguments, type), cancel), command, answer);

    public void Dispose()
    {
        stream.Dispose();
        _turn.Dispose();
    }

    private async Task<ReadOnlyMemory<byte>> AskAsync(string command, Action<Utf8JsonWriter>? arguments, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            var mark = RandomNumberGenerator.GetInt32(int.MaxValue);
            var request = new ArrayBufferWriter<byte>();
            // It ends whatever half of a request was sent before.
            request.Write([Mark]);
            Write(request, "guest-sync-delimited", writer => JsonSerializer.Serialize(writer, new AgentSync(mark), AgentJson.Default.AgentSync));
            Write(request, command, arguments);
            await WriteAsync(request.WrittenMemory, cancel);
            while (!IsMark(await ReadLineAsync(cancel), mark)) { }
            return await ReadLineAsync(cancel);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException) { throw new EngineException(ErrorKind.Unavailable, $"Machine {name} has ended before its guest agent did '{command}'.", gone); }
        finally { _turn.Release(); }
    }

    private T Read<T>(ReadOnlyMemory<byte> line, string command, JsonTypeInfo<T> type)
    {
        try
        {
            using var said = JsonDocument.Parse(line);
            if (said.RootElement.TryGetProperty("return", out var result) && result.Deserialize(type) is { } answer) return answer;
            if (said.RootElement.TryGetProperty("error", out var error) && error.TryGetProperty("desc", out var words))
                throw new EngineException(ErrorKind.InvalidArgument, $"The guest agent of machine {name} refused '{command}': {GuestWords.Printable(words.GetString())}");
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException) { throw Wrong(command, wrong); }
        throw Wrong(command, null);
    }

    private EngineException Wrong(string command, Exception? cause) => new(ErrorKind.Unavailable, $"The guest agent of machine {name} said something else than '{command}' asks for.", cause);

    private static void Write(ArrayBufferWriter<byte> request, string command, Action<Utf8JsonWriter>? arguments)
    {
        using (var writer = new Utf8JsonWriter(request))
        {
            writer.WriteStartObject();
            writer.WriteString("execute", command);
            if (arguments is not null)
            {
                writer.WritePropertyName("arguments");
                arguments(writer);
            }
            writer.WriteEndObject();
        }
        request.Write("\n"u8);
    }

    private static bool IsMark(ReadOnlyMemory<byte> line, int mark)
    {
        var at = line.Span.LastIndexOf(Mark);
        if (at < 0) return false;
        try
        {
            using var said = JsonDocument.Parse(line[(at + 1)..]);
            return said.RootElement.ValueKind == JsonValueKind.Object && said.RootElement.TryGetProperty("return", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number) && number == mark;
        }
        catch (JsonException) { return false; }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> request, CancellationToken cancel)
    {
        for (var piece = request; piece.Length > 0;)
        {
            var next = piece[..Math.Min(piece.Length, BufferBytes)];
            await WithinAsync(stream.WriteAsync, next, cancel);
            piece = piece[next.Length..];
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancel)
    {
        var line = new ArrayBufferWriter<byte>();
        while (true)
        {
            if (_start == _end)
            {
                (_start, _end) = (0, 0);
                await WithinAsync(async (_, within) => _end = await stream.ReadAsync(_buffer, within), default, cancel);
                if (_end == 0) throw new EndOfStreamException();
            }
            var rest = _buffer.AsMemory(_start, _end - _start);
            var end = rest.Span.IndexOf((byte)'\n');
            var part = end < 0 ? rest : rest[..end];
            if (line.WrittenCount + part.Length > LineBytesMax) throw new EngineException(ErrorKind.Unavailable, $"The guest agent of machine {name} says more than {LineBytesMax >> 20} MiB at once.");
            line.Write(part.Span);
            _start += part.Length + (end < 0 ? 0 : 1);
            if (end >= 0) return line.WrittenMemory;
        }
    }

    private async Task WithinAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> step, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_silenceMax);
        try { await step(bytes, deadline.Token); }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested) { throw new EngineException(ErrorKind.Unavailable, $"The guest agent of machine {name} has not answered for {s_silenceMax.TotalSeconds:0} seconds.", late); }
    }
}

/// <summary>What a guest says and a person's terminal may be shown.</summary>
internal static class GuestWords
{
    private const int LengthMax = 1024;

    public static string Printable(string? text) => string.Concat((text ?? "").Where(sign => !char.IsControl(sign)).Take(LengthMax));
}
