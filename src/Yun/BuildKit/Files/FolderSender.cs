using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Win32.SafeHandles;
using Yun.BuildKit.Protos;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>Sends folders by fsutil's protocol: the list of all entries, then the content that the client asks for.</summary>
/// <param name="roots">What each is called on the other side; a single one may be called nothing, which makes its entries those of the whole.</param>
internal sealed class FolderSender(IReadOnlyList<(string Folder, SafeFileHandle Root)> roots, IClientStreamWriter<Packet> packets, IAsyncStreamReader<Packet> requests)
{
    private const int PartBytesMax = 32 * 1024;

    private readonly List<(SafeFileHandle Root, string Path)?> _files = [];
    private readonly Dictionary<(ulong, ulong), string> _linked = [];

    public async Task RunAsync(CancellationToken cancel)
    {
        var wanted = Channel.CreateUnbounded<uint>();
        var reading = ReadAsync(wanted.Writer, cancel);
        foreach (var (folder, root) in roots.OrderBy(one => one.Folder, StringComparer.Ordinal))
        {
            using var all = FileAt.Open(root, ".", OpenFlags.ReadOnly | OpenFlags.Directory);
            if (folder.Length > 0)
            {
                _files.Add(null);
                await packets.WriteAsync(new Packet { Type = Packet.Types.PacketType.Stat, Stat = StatOf(root, "", folder, FileAt.Status(all)) }, cancel);
            }
            await ListAsync(root, all, folder.Length > 0 ? folder + "/" : "", "", cancel);
        }
        await packets.WriteAsync(new Packet { Type = Packet.Types.PacketType.Stat }, cancel);
        await foreach (var id in wanted.Reader.ReadAllAsync(cancel)) await SendAsync(id, cancel);
        await reading;
        await packets.WriteAsync(new Packet { Type = Packet.Types.PacketType.Fin }, cancel);
        await packets.CompleteAsync();
        while (await requests.MoveNext(cancel)) { }
    }

    private async Task ReadAsync(ChannelWriter<uint> wanted, CancellationToken cancel)
    {
        try
        {
            while (await requests.MoveNext(cancel))
            {
                var request = requests.Current;
                if (request.Type == Packet.Types.PacketType.Fin) return;
                if (request.Type == Packet.Types.PacketType.Err) throw new EngineException(ErrorKind.Unavailable, $"the client cannot write: {request.Data.ToStringUtf8()}");
                wanted.TryWrite(request.Id);
            }
            throw new EngineException(ErrorKind.Unavailable, "the client broke off while it received a folder");
        }
        finally { wanted.TryComplete(); }
    }

    private async Task ListAsync(SafeFileHandle root, SafeFileHandle folder, string prefix, string path, CancellationToken cancel)
    {
        var names = FileAt.Names(folder);
        names.Sort(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (FileAt.TryStatus(folder, name, out var status) != Errno.None || status.Kind == FileKind.Socket) continue;
            var inner = path.Length == 0 ? name : $"{path}/{name}";
            var stat = StatOf(folder, name, prefix + inner, status);
            _files.Add(status.Kind == FileKind.Regular ? (root, inner) : null);
            await packets.WriteAsync(new Packet { Type = Packet.Types.PacketType.Stat, Stat = stat }, cancel);
            if (status.Kind != FileKind.Directory) continue;
            using var opened = FileAt.Open(folder, name, OpenFlags.ReadOnly | OpenFlags.Directory);
            await ListAsync(root, opened, prefix, inner, cancel);
        }
    }

    private Stat StatOf(SafeFileHandle folder, string name, string path, FileStatus status)
    {
        var stat = new Stat
        {
            Path = path, Mode = GoFileMode.Of(status), Uid = status.UserId, Gid = status.GroupId, Size = status.Kind == FileKind.Regular ? status.Size : 0,
            ModTime = status.Modified.Seconds * 1_000_000_000 + status.Modified.Nanoseconds, Devmajor = status.DeviceMajor, Devminor = status.DeviceMinor,
        };
        if (status.Kind == FileKind.SymbolicLink) stat.Linkname = FileAt.ReadLink(folder, name);
        else if (status.Kind == FileKind.Regular && status.LinkCount > 1 && !_linked.TryAdd((status.FileSystem, status.Inode), path)) stat.Linkname = _linked[(status.FileSystem, status.Inode)];
        return stat;
    }

    private async Task SendAsync(uint id, CancellationToken cancel)
    {
        if (id >= _files.Count || _files[(int)id] is not { } asked) throw new EngineException(ErrorKind.InvalidArgument, $"the client asked for a file that is none (number {id})");
        using var file = PathDescriptor.Open(asked.Root, asked.Path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks);
        var buffer = new byte[PartBytesMax];
        for (int read; (read = OpenFile.Read(file, buffer)) > 0;)
            await packets.WriteAsync(new Packet { Type = Packet.Types.PacketType.Data, Id = id, Data = ByteString.CopyFrom(buffer, 0, read) }, cancel);
        await packets.WriteAsync(new Packet { Type = Packet.Types.PacketType.Data, Id = id }, cancel);
    }
}
