using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Machines.Qmp;

/// <summary>
/// One connection with QEMU. QEMU holds a stranger's machine, so what it says is bounded and only looked at where it is understood.
/// Safe for concurrent use; commands are answered in any order.
/// </summary>
internal sealed class QmpSession : IAsyncDisposable
{
    private const int LineBytesMax = 1 << 20;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _asked = [];
    private readonly Action<QmpEvent> _happened;
    private long _last;

    private QmpSession(Socket socket, Action<QmpEvent> happened)
    {
        (_socket, _happened) = (socket, happened);
        _stream = new NetworkStream(socket, ownsSocket: true);
        Reading = ReadAsync();
    }

    /// <summary>Ends with the connection.</summary>
    public Task Reading { get; }

    /// <summary>Greets QEMU, which then takes commands and tells what happens.</summary>
    /// <param name="happened">Called by the reading loop: it returns at once.</param>
    public static async Task<QmpSession> OpenAsync(Socket socket, Action<QmpEvent> happened, CancellationToken cancel)
    {
        var session = new QmpSession(socket, happened);
        try
        {
            await session.ExecuteAsync("qmp_capabilities", cancel);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public Task<JsonElement> ExecuteAsync(string command, CancellationToken cancel) => AskAsync(command, null, null, cancel);

    public Task<JsonElement> ExecuteAsync<T>(string command, T arguments, JsonTypeInfo<T> type, CancellationToken cancel) =>
        AskAsync(command, writer => JsonSerializer.Serialize(writer, arguments, type), null, cancel);

    public async Task<T> ExecuteAsync<T>(string command, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        (await AskAsync(command, null, null, cancel)).Deserialize(answer) ?? throw new QmpException(command, "it answered with nothing");

    /// <summary>Gives QEMU a copy of an open file under a name.</summary>
    public Task PassAsync(string name, SafeHandle file, CancellationToken cancel) =>
        AskAsync("getfd", writer => JsonSerializer.Serialize(writer, new QmpDescriptor(name), QmpJson.Default.QmpDescriptor), file, cancel);

    /// <summary>The same, as a file that block devices open under <c>/dev/fdset/NUMBER</c>.</summary>
    public Task PassToSetAsync(int number, SafeHandle file, CancellationToken cancel) =>
        AskAsync("add-fd", writer => JsonSerializer.Serialize(writer, new QmpSet(number), QmpJson.Default.QmpSet), file, cancel);

    public async ValueTask DisposeAsync()
    {
        _stream.Dispose();
        await Reading;
        _writing.Dispose();
    }

    /// <exception cref="QmpException">QEMU refused it.</exception>
    /// <exception cref="EngineException">Unavailable: QEMU does not answer, or has ended.</exception>
    private async Task<JsonElement> AskAsync(string command, Action<Utf8JsonWriter>? arguments, SafeHandle? file, CancellationToken cancel)
    {
        var id = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = answer;
        try
        {
            if (Reading.IsCompleted) throw Gone(command);
            await _writing.WaitAsync(cancel);
            try { await SendAsync(Request(command, arguments, id), file, cancel); }
            finally { _writing.Release(); }
            var said = await answer.Task.WaitAsync(s_deadline, cancel);
            if (said.TryGetProperty("return", out var result)) return result;
            throw new QmpException(command, said.TryGetProperty("error", out var error) && error.TryGetProperty("desc", out var words) ? words.GetString() ?? "" : "it was refused");
        }
        catch (TimeoutException late) { throw new EngineException(ErrorKind.Unavailable, $"QEMU did not answer '{command}' within {s_deadline.TotalSeconds:0} seconds.", late); }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or SyscallException) { throw Gone(command); }
        finally { _asked.TryRemove(id, out _); }
    }

    private static EngineException Gone(string command) => new(ErrorKind.Unavailable, $"QEMU has ended before it did '{command}'.");

    private static ReadOnlyMemory<byte> Request(string command, Action<Utf8JsonWriter>? arguments, long id)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("execute", command);
            if (arguments is not null)
            {
                writer.WritePropertyName("arguments");
                arguments(writer);
            }
            writer.WriteNumber("id", id);
            writer.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> request, SafeHandle? file, CancellationToken cancel)
    {
        if (file is not null)
        {
            // .NET's socket does not block, and QEMU reads as long as it is well: then a line always has room.
            var raw = new UnixSocket(new SafeFileHandle(_socket.Handle, ownsHandle: false));
            var sent = raw.Send(request.Span, [(int)file.DangerousGetHandle()]);
            if (sent <= 0) throw new IOException("QEMU does not read");
            request = request[sent..];
        }
        await _stream.WriteAsync(request, cancel);
    }

    private async Task ReadAsync()
    {
        var reader = PipeReader.Create(_stream);
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync();
                var buffer = read.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    Take(buffer.Slice(0, end));
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                }
                if (read.IsCompleted || buffer.Length > LineBytesMax) break;
                reader.AdvanceTo(buffer.Start, buffer.End);
            }
        }
        catch (Exception over) when (over is IOException or ObjectDisposedException or JsonException or InvalidOperationException) { }
        _stream.Dispose();
        foreach (var asked in _asked.Values) asked.TrySetException(new IOException("the connection has ended"));
    }

    private void Take(ReadOnlySequence<byte> line)
    {
        using var parsed = JsonDocument.Parse(line);
        var said = parsed.RootElement.Clone();
        if (said.TryGetProperty("event", out var name)) _happened(new QmpEvent(name.GetString() ?? "", said.TryGetProperty("data", out var data) ? data : default));
        else if (said.TryGetProperty("id", out var id) && id.TryGetInt64(out var number) && _asked.TryGetValue(number, out var asked)) asked.TrySetResult(said);
    }
}
