using System.Text;
using Grpc.Core;
using Yun.BuildKit.Protos;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>Where a received folder goes. Calls come from one thread at a time.</summary>
internal interface IReceivedFiles
{
    /// <summary>The folder's next entry; parents come before what is in them.</summary>
    /// <returns>Whether its content is wanted.</returns>
    bool Add(uint id, Stat stat);

    void Write(uint id, ReadOnlySpan<byte> content);

    /// <summary>All content of the file has come.</summary>
    void End(uint id);

    /// <summary>All has come.</summary>
    void Finish();
}

/// <summary>Receives a folder of the client's, or some paths of it, by fsutil's protocol.</summary>
internal static class FolderReceiver
{
    private const string Service = "moby.filesync.v1.FileSync";

    // More would fill the client's queue while it waits for us to read: both would wait for ever.
    private const int RequestsMax = 64;

    /// <param name="name">What the client calls the folder: <c>context</c>, <c>dockerfile</c>.</param>
    /// <param name="path">Only this path and what is below it; null for all.</param>
    /// <exception cref="EngineException">The client does not give it, or breaks off.</exception>
    public static async Task ReceiveAsync(BuildSession session, string name, string? path, IReceivedFiles files, CancellationToken cancel)
    {
        var client = new FileSync.FileSyncClient(session.InvokerOf(Service, "DiffCopy"));
        using var call = client.DiffCopy(Headers(name, path), cancellationToken: cancel);
        try
        {
            await RunAsync(call.RequestStream, call.ResponseStream, files, cancel);
        }
        catch (RpcException failure) when (!cancel.IsCancellationRequested)
        {
            throw new EngineException(ErrorKind.Unavailable, $"cannot read the folder {name} of the client: {failure.Status.Detail}", failure);
        }
    }

    private static async Task RunAsync(IClientStreamWriter<Packet> requests, IAsyncStreamReader<Packet> packets, IReceivedFiles files, CancellationToken cancel)
    {
        var wanted = new Queue<uint>();
        var (next, open, listed, finished) = (0u, 0, false, false);
        while (await packets.MoveNext(cancel))
        {
            var packet = packets.Current;
            switch (packet.Type)
            {
                case Packet.Types.PacketType.Stat when packet.Stat is { } stat:
                    if (files.Add(next, stat)) wanted.Enqueue(next);
                    next++;
                    break;
                case Packet.Types.PacketType.Stat:
                    listed = true;
                    break;
                case Packet.Types.PacketType.Data when packet.Data.IsEmpty:
                    files.End(packet.Id);
                    open--;
                    break;
                case Packet.Types.PacketType.Data:
                    files.Write(packet.Id, packet.Data.Span);
                    break;
                case Packet.Types.PacketType.Err:
                    throw new EngineException(ErrorKind.Unavailable, $"the client says: {packet.Data.ToStringUtf8()}");
                case Packet.Types.PacketType.Fin:
                    await requests.CompleteAsync();
                    return;
            }
            for (; open < RequestsMax && wanted.TryDequeue(out var id); open++) await requests.WriteAsync(new Packet { Type = Packet.Types.PacketType.Req, Id = id }, cancel);
            if (!listed || open > 0 || finished) continue;
            files.Finish();
            await requests.WriteAsync(new Packet { Type = Packet.Types.PacketType.Fin }, cancel);
            finished = true;
        }
        throw new EngineException(ErrorKind.Unavailable, "the client broke off while it sent a folder");
    }

    private static Metadata Headers(string name, string? path)
    {
        var headers = new Metadata { { "dir-name", name } };
        if (path is null) return headers;
        var plain = path.All(char.IsAscii);
        headers.Add("followpaths", plain ? path : Uri.EscapeDataString(path));
        if (!plain) headers.Add("followpaths-encoded", "1");
        return headers;
    }
}

/// <summary>Small files, kept in memory.</summary>
internal sealed class ReceivedTexts : IReceivedFiles
{
    private const int BytesMax = 4 << 20;

    private readonly Dictionary<uint, (string Path, MemoryStream Content)> _files = [];

    /// <summary>The file's text; null when it did not come.</summary>
    public string? TextOf(string path) => _files.Values.FirstOrDefault(file => file.Path == path).Content is { } content ? Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length) : null;

    public bool Add(uint id, Stat stat)
    {
        if (GoFileMode.KindOf(stat.Mode) != Linux.FileKind.Regular) return false;
        if (stat.Size > BytesMax) throw TooLarge(stat.Path);
        _files.Add(id, (stat.Path, new MemoryStream()));
        return true;
    }

    public void Write(uint id, ReadOnlySpan<byte> content)
    {
        if (!_files.TryGetValue(id, out var file) || file.Content.Length + content.Length > BytesMax) throw TooLarge(file.Path);
        file.Content.Write(content);
    }

    public void End(uint id) { }

    public void Finish() { }

    private static EngineException TooLarge(string? path) => new(ErrorKind.InvalidArgument, $"{path} is larger than {BytesMax} bytes");
}
