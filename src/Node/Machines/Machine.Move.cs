using Yun.Linux;
using Yun.Node.Machines.Disks;
using Yun.Node.Machines.Moves;
using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

// Moves.MoveStream draws what the two daemons say. Memory is copied while the guest stands still: copied while it runs, an emulated machine's comes out wrong.
public sealed partial class Machine
{
    private const string MoveBitmap = "move", MoveState = "move-state";

    /// <summary>Moves it to another daemon, with its disks and memory. It runs here until it can run there; on any failure it goes on here.</summary>
    /// <param name="to">For people.</param>
    public async Task MoveAsync(Stream input, Stream output, string to, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            RequireLive("moving");
            if (_record.Snapshots.Count > 0) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} has snapshots, which do not move: remove them first.");
            if (Config.Cdrom != "" || _record.Disks.Any(disk => disk.HostPath != "")) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} uses files of this host, which do not move: import its disks, and make a machine over them.");
            var other = new MoveStream(input, output);
            var session = await SessionAsync(cancel);
            var wasRunning = State.Status == MachineStatus.Running;
            try
            {
                await other.SendAsync(new MoveMessage { Offer = _record }, cancel);
                await other.ExpectAsync(MoveStream.Accepted, MoveStream.AnswerMax, cancel);
                foreach (var name in BootFiles(Config).Where(name => File.Exists(PathOf(name))))
                    await using (var file = File.OpenRead(PathOf(name))) await other.SendFileAsync(name, file, cancel);
                for (var i = 0; i < _record.Disks.Count; i++) await SendDiskAsync(session, other, i, cancel);
                await session.ExecuteAsync("stop", cancel);
                for (var i = 0; i < _record.Disks.Count; i++) await SendChangesAsync(session, other, i, cancel);
                await SendMemoryAsync(session, other, cancel);
                await other.ExpectAsync(MoveStream.Ready, MoveStream.TakeUpMax, cancel);
            }
            catch (Exception failed) when (failed is EngineException or QmpException or SyscallException or IOException or OperationCanceledException)
            {
                await GoOnHereAsync(session, wasRunning);
                throw new EngineException((failed as EngineException)?.Kind ?? ErrorKind.Internal, $"Machine {Name} is not moved to {to}, and {(wasRunning ? "runs on" : "stays paused")} here: {failed.Message}", failed);
            }
            await HandOverAsync(other, to);
        }
        await EndHereAsync(to);
    }

    /// <summary>The point of no return: the other runs it, or may do so, and only a person can find out which.</summary>
    private async Task HandOverAsync(MoveStream other, string to)
    {
        await SaveAsync(_record with { State = State with { Status = MachineStatus.Paused, Cause = $"it was handed to {to}, which did not say that it runs there: look there, then resume it or remove it" } });
        try
        {
            await other.SendAsync(new MoveMessage { Word = MoveStream.Go }, CancellationToken.None);
            await other.ExpectAsync(MoveStream.Running, MoveStream.AnswerMax, CancellationToken.None);
        }
        catch (Exception unknown) when (unknown is EngineException or IOException) { throw new EngineException(ErrorKind.Unavailable, $"Machine {Name} is paused here: {State.Cause}.", unknown); }
    }

    private async Task EndHereAsync(string to)
    {
        _cause = $"it moved to {to}";
        Publish("move", ("to", to));
        await RemoveAsync(force: true);
    }

    /// <summary>Continues in a QEMU of this daemon what another has sent. Returns when it runs here; otherwise nothing of it does.</summary>
    internal async Task ArriveAsync(MoveStream other, CancellationToken cancel)
    {
        using (await TakeTurnAsync(cancel))
        {
            await using var undo = new Undo();
            var ended = Expect(undo);
            var session = await LaunchAsync(ended, undo, cancel);
            await ComeBackAsync(session, cancel);
            await other.SendAsync(new MoveMessage { Word = MoveStream.Ready }, cancel);
            await other.ExpectAsync(MoveStream.Go, MoveStream.AnswerMax, cancel);
            await session.ExecuteAsync("cont", CancellationToken.None);
            undo.Keep();
            await BegunAsync(_record, ended);
        }
    }

    private async Task SendDiskAsync(QmpSession session, MoveStream other, int number, CancellationToken cancel)
    {
        var (node, bitmap) = (MachineArguments.NodeOf(number), new QmpBitmap(MachineArguments.NodeOf(number), MoveBitmap));
        // First the list of what is written to, then the copy: what is in both is only sent twice.
        await session.ExecuteAsync("block-dirty-bitmap-add", bitmap, QmpJson.Default.QmpBitmap, cancel);
        await using var file = await OpenCopyAsync(session, number, "full", null, cancel);
        await session.ExecuteAsync("blockdev-backup", new QmpBackup(MoveBitmap, node, CopyNode(number, "full"), "full", AutoDismiss: false), QmpJson.Default.QmpBackup, cancel);
        await AwaitJobAsync(session, MoveBitmap, cancel);
        // What QEMU has not written yet is written when it lets go.
        await session.ExecuteAsync("blockdev-del", new QmpNode(CopyNode(number, "full")), QmpJson.Default.QmpNode, cancel);
        file.Position = 0;
        await other.SendFileAsync($"disk{number}.full", file, cancel);
    }

    private async Task SendChangesAsync(QmpSession session, MoveStream other, int number, CancellationToken cancel)
    {
        // Zeros over what was something must be written down, so the copy lies below.
        await AddCopyAsync(session, number, "full", null, cancel);
        await using var file = await OpenCopyAsync(session, number, "changes", CopyNode(number, "full"), cancel);
        await session.ExecuteAsync("blockdev-backup", new QmpBackup(MoveBitmap, MachineArguments.NodeOf(number), CopyNode(number, "changes"), "incremental", AutoDismiss: false, MoveBitmap), QmpJson.Default.QmpBackup, cancel);
        await AwaitJobAsync(session, MoveBitmap, cancel);
        await session.ExecuteAsync("blockdev-del", new QmpNode(CopyNode(number, "changes")), QmpJson.Default.QmpNode, cancel);
        file.Position = 0;
        await other.SendFileAsync($"disk{number}.changes", file, cancel);
    }

    private async Task SendMemoryAsync(QmpSession session, MoveStream other, CancellationToken cancel)
    {
        await using var file = new FileStream(PathOf(MoveState), new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
        await session.PassAsync(StateName, file.SafeFileHandle, cancel);
        await session.ExecuteAsync("migrate", new QmpUri("fd:" + StateName), QmpJson.Default.QmpUri, cancel);
        await AwaitCopyAsync(session, cancel);
        file.Position = 0;
        await other.SendFileAsync(StateName, file, cancel);
    }

    /// <summary>An empty disk that QEMU may write a copy to; its file is gone when both have let go.</summary>
    private async Task<FileStream> OpenCopyAsync(QmpSession session, int number, string what, string? below, CancellationToken cancel)
    {
        var path = PathOf($"move-{what}{number}");
        File.Delete(path);
        Qcow2.Create(path, _record.Disks[number].SizeBytes);
        var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
        try
        {
            await session.PassToSetAsync(CopySet(number, what), file.SafeFileHandle, cancel);
            await AddCopyAsync(session, number, what, below, cancel);
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static async Task AddCopyAsync(QmpSession session, int number, string what, string? below, CancellationToken cancel) => await session.ExecuteAsync("blockdev-add",
        new QmpBlockDevice(DiskFormat.Qcow2, CopyNode(number, what), new QmpFile("file", $"/dev/fdset/{CopySet(number, what)}"), below), QmpJson.Default.QmpBlockDevice, cancel);

    /// <summary>Takes back what the move has laid into QEMU, and lets the guest go on. What is not there is not missed.</summary>
    private async Task GoOnHereAsync(QmpSession session, bool wasRunning)
    {
        for (var i = 0; i < _record.Disks.Count; i++)
        {
            foreach (var what in (string[])["changes", "full"])
            {
                await TryAsync(session.ExecuteAsync("blockdev-del", new QmpNode(CopyNode(i, what)), QmpJson.Default.QmpNode, CancellationToken.None));
                await TryAsync(session.ExecuteAsync("remove-fd", new QmpSet(CopySet(i, what)), QmpJson.Default.QmpSet, CancellationToken.None));
            }
            await TryAsync(session.ExecuteAsync("block-dirty-bitmap-remove", new QmpBitmap(MachineArguments.NodeOf(i), MoveBitmap), QmpJson.Default.QmpBitmap, CancellationToken.None));
        }
        if (wasRunning) await TryAsync(session.ExecuteAsync("cont", CancellationToken.None));

        static async Task TryAsync(Task work)
        {
            try { await work; }
            catch (Exception failed) when (failed is QmpException or EngineException) { }
        }
    }

    private static string CopyNode(int number, string what) => $"move-{what}{number}";

    private static int CopySet(int number, string what) => 10 + 2 * number + (what == "full" ? 0 : 1);
}
