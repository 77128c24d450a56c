using System.Text;
using Yun.Archives;
using Yun.Images;
using Yun.Images.Registry;
using Yun.Node.Containers.Spec;
using Yun.Protocol;

namespace Yun.Node.Containers;

// Files of a container that runs in a virtual machine. What comes out of there the machine has written, and it is trusted no more than an image is.
public sealed partial class Container
{
    private const int StatusBytesMax = 64 << 10, ChangesBytesMax = 256 << 20;

    private async Task<ContainerPath> OpenMachinePathAsync(string path, CancellationToken cancel)
    {
        RequireOnDisk(path, writes: false);
        await using var process = await ReadMachineAsync(cancel, "status", path);
        var line = Encoding.UTF8.GetString(await Bounded.ReadAsync(process.Output, StatusBytesMax, "virtual machine's answer", cancel));
        try { return new MachinePath(this, path, PathStatus.Parse(line.TrimEnd('\n'))); }
        catch (Exception wrong) when (wrong is FormatException or OverflowException) { throw new EngineException(ErrorKind.Unavailable, $"the virtual machine of {Name} said something else than was asked", wrong); }
    }

    private async Task ExtractInMachineAsync(string path, Stream tar, bool keepKinds, ContainerUser? owner, CancellationToken cancel)
    {
        RequireOnDisk(path, writes: true);
        await using var process = await StartFilesAsync(stdin: true, inTurn: false, cancel, "put", path, keepKinds ? "keep-kinds" : "", owner is null ? "" : $"{owner.Uid}:{owner.Gid}");
        await process.FinishAsync(input => ArchiveExtractor.CopyPlainAsync(tar, input, cancel), cancel);
    }

    private async Task ExportMachineAsync(Func<Stream, Task> begin, CancellationToken cancel)
    {
        await using var process = await ReadMachineAsync(cancel, "export");
        await using var tar = CheckedArchive.Open(process.Output, "", cancel);
        await begin(tar);
    }

    private async Task<IReadOnlyList<FileChange>> MachineChangesAsync(CancellationToken cancel)
    {
        await using var process = await ReadMachineAsync(cancel, "changes");
        var changes = new List<FileChange>();
        foreach (var one in Encoding.UTF8.GetString(await Bounded.ReadAsync(process.Output, ChangesBytesMax, "virtual machine's list of changes", cancel)).Split('\0', StringSplitOptions.RemoveEmptyEntries))
            if (one.Length > 1 && Enum.IsDefined((ChangeKind)(one[0] - '0'))) changes.Add(new FileChange(one[1..], (ChangeKind)(one[0] - '0')));
        return changes;
    }

    /// <param name="pause">Hold up those who write meanwhile.</param>
    private async Task<Layer> CommitMachineLayerAsync(Layer? below, ImageLease lease, bool pause, CancellationToken cancel)
    {
        await using var process = await StartFilesAsync(stdin: false, inTurn: true, cancel, "layer", pause ? "freeze" : "");
        return await Engine.Images.CommitLayerAsync(process.Output, below, lease, cancel);
    }

    private Task<MachineFileProcess> ReadMachineAsync(CancellationToken cancel, params string[] words) => StartFilesAsync(stdin: false, inTurn: false, cancel, words);

    private sealed class MachinePath(Container container, string path, PathStatus status) : ContainerPath(status)
    {
        private MachineFileProcess? _process;

        public override async Task<Stream> OpenArchiveAsync(CancellationToken cancel)
        {
            _process = await container.ReadMachineAsync(cancel, "get", path);
            return CheckedArchive.Open(_process.Output, Status.Name == "/" ? "." : Status.Name, cancel);
        }

        public override async ValueTask DisposeAsync()
        {
            if (_process is not null) await _process.DisposeAsync();
        }
    }
}
