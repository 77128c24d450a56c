using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Protocol;

namespace Yun.Node.Machines.Moves;

// A machine on its way from one daemon to another:
//
//   source                                        destination
//     | -- offer {Record} ---------------------->  |  name, networks, memory and tools are looked at
//     | <------------------------------ accepted-  |
//     | -- file {Name}, its bytes … ------------>  |  kernel and firmware; then each disk, while the guest runs
//     |    the guest is stopped
//     | -- file {Name}, its bytes … ------------>  |  what changed in the disks meanwhile, and the memory
//     | <--------------------------------- ready-  |  all of it is in a QEMU whose guest has not begun
//     | -- go ---------------------------------->  |  from here on the source never begins by itself
//     | <------------------------------- running-  |  and now it is removed there
//
// Whatever breaks before "go" is taken back by both. A message is four bytes of length (little endian) and JSON; bytes come in pieces, each after its length, to an empty one.

/// <summary>One word of the two: exactly one of the properties says which.</summary>
internal sealed record MoveMessage
{
    public MachineRecord? Offer { get; set; }
    /// <summary>Of the machine's directory; its bytes follow.</summary>
    public string? File { get; set; }
    /// <summary>accepted, ready, go, running.</summary>
    public string? Word { get; set; }
    /// <summary>Why it will not be.</summary>
    public string? Refused { get; set; }
    public ErrorKind RefusedKind { get; set; }
}

/// <summary>The connection between two daemons that a machine goes over.</summary>
internal sealed class MoveStream(Stream input, Stream output)
{
    public const string Accepted = "accepted", Ready = "ready", Go = "go", Running = "running";

    /// <summary>To look at what is offered, and to say that it runs.</summary>
    public static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(30);

    /// <summary>To take memory and disks up, which were sent already.</summary>
    public static readonly TimeSpan TakeUpMax = TimeSpan.FromMinutes(3);

    private const int MessageBytesMax = 4 << 20, PieceBytes = 256 << 10;
    // A large disk is copied at the other end before anything of it comes.
    private static readonly TimeSpan s_silenceMax = TimeSpan.FromMinutes(10);

    public async Task SendAsync(MoveMessage message, CancellationToken cancel)
    {
        await WritePieceAsync(JsonSerializer.SerializeToUtf8Bytes(message, MoveJson.Default.MoveMessage), cancel);
        await output.FlushAsync(cancel);
    }

    /// <exception cref="EngineException">The other side has refused, or is gone.</exception>
    public async Task<MoveMessage> ReceiveAsync(CancellationToken cancel)
    {
        var message = JsonSerializer.Deserialize(await ReadPieceAsync(MessageBytesMax, cancel), MoveJson.Default.MoveMessage) ?? throw new EngineException(ErrorKind.Unavailable, "the other daemon says nothing that is understood");
        return message.Refused is { } reason ? throw new EngineException(message.RefusedKind, $"the other daemon says: {reason}") : message;
    }

    /// <param name="max">A guest may stand still meanwhile, or a person wait: no longer than this.</param>
    public async Task ExpectAsync(string word, TimeSpan max, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(max);
        try
        {
            if ((await ReceiveAsync(deadline.Token)).Word != word) throw new EngineException(ErrorKind.Unavailable, $"the other daemon did not say '{word}'");
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested) { throw new EngineException(ErrorKind.Unavailable, $"the other daemon did not say '{word}' within {max.TotalSeconds:0} seconds", late); }
    }

    public async Task SendFileAsync(string name, Stream content, CancellationToken cancel)
    {
        await SendAsync(new MoveMessage { File = name }, cancel);
        var piece = new byte[PieceBytes];
        for (int count; (count = await content.ReadAsync(piece, cancel)) > 0;) await WritePieceAsync(piece.AsMemory(0, count), cancel);
        await WritePieceAsync(ReadOnlyMemory<byte>.Empty, cancel);
        await output.FlushAsync(cancel);
    }

    public async Task ReceiveFileAsync(Stream into, CancellationToken cancel)
    {
        while (await ReadPieceAsync(PieceBytes, cancel) is { Length: > 0 } piece) await into.WriteAsync(piece, cancel);
    }

    private async Task WritePieceAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => await WithinTimeAsync(async stop =>
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        await output.WriteAsync(length, stop);
        await output.WriteAsync(bytes, stop);
        return true;
    }, cancel);

    private Task<byte[]> ReadPieceAsync(int max, CancellationToken cancel) => WithinTimeAsync(async stop =>
    {
        var length = new byte[4];
        await input.ReadExactlyAsync(length, stop);
        var count = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (count < 0 || count > max) throw new EngineException(ErrorKind.Unavailable, "the other daemon says nothing that is understood");
        var bytes = new byte[count];
        await input.ReadExactlyAsync(bytes, stop);
        return bytes;
    }, cancel);

    /// <exception cref="EngineException">Unavailable: the other side is gone, or nothing has moved for a long time.</exception>
    private static async Task<T> WithinTimeAsync<T>(Func<CancellationToken, Task<T>> transfer, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_silenceMax);
        try { return await transfer(deadline.Token); }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested) { throw new EngineException(ErrorKind.Unavailable, $"the other daemon has not moved for {s_silenceMax.TotalMinutes} minutes", late); }
        catch (IOException gone) { throw new EngineException(ErrorKind.Unavailable, "the connection with the other daemon has ended", gone); }
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(MoveMessage))]
internal sealed partial class MoveJson : JsonSerializerContext;
