using System.Security.Cryptography;
using Yun.Images;
using Yun.Images.Registry;
using Yun.Node.Containers;
using Yun.Node.Machines.Disks;
using Yun.Node.Machines.Qmp;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class Machine
{
    private const string ExportJob = "export", ExportNode = "export";
    private const int ExportSet = 1;

    /// <summary>Makes a disk larger: at once where the guest runs, which sees it, else at the next start.</summary>
    public async Task ResizeDiskAsync(int number, long sizeBytes, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            var disk = FindDisk(number);
            if (disk.ReadOnly) throw new EngineException(ErrorKind.Conflict, $"Disk {number} of machine {Name} is only read, and stays as it is.");
            if (sizeBytes % 512 != 0 || sizeBytes > MachineValidation.DiskBytesMax) throw new EngineException(ErrorKind.InvalidArgument, $"A disk cannot have {sizeBytes} bytes: it has whole sectors of 512, and 64 TiB at most.");
            if (sizeBytes < disk.SizeBytes) throw new EngineException(ErrorKind.InvalidArgument, $"Disk {number} of machine {Name} has {disk.SizeBytes} bytes and cannot become smaller.");
            RequireNotSaved("a disk becomes larger");
            if (State.IsLive) await (await SessionAsync(cancel)).ExecuteAsync("block_resize", new QmpResize(MachineArguments.NodeOf(number), sizeBytes), QmpJson.Default.QmpResize, cancel);
            await SaveAsync(_record with { Disks = [.. _record.Disks.Select((known, i) => i == number ? known with { SizeBytes = sizeBytes } : known)] });
        }
        Publish("resize", ("disk", $"{number}"), ("size", $"{sizeBytes}"));
    }

    /// <summary>
    /// Writes a disk as it is at this moment, alone and whole, into a file that goes with what is returned. A guest that runs goes on meanwhile. What lies below the disk is in it.
    /// </summary>
    public async Task<FileStream> ExportDiskAsync(int number, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            var disk = FindDisk(number);
            var path = PathOf($"export-{Guid.NewGuid():N}");
            Qcow2.Create(path, disk.SizeBytes);
            var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
            try
            {
                await WithQemuAsync(session => ExportAsync(session, number, file, cancel), cancel);
                file.Position = 0;
                return file;
            }
            catch (Exception failed)
            {
                await file.DisposeAsync();
                if (failed is not QmpException) throw;
                throw new EngineException(ErrorKind.Internal, $"Disk {number} of machine {Name} cannot be exported: {failed.Message}", failed);
            }
        }
    }

    /// <summary>Brings a disk to a registry, as it is at this moment.</summary>
    public async Task<PushedImage> PushDiskAsync(int number, ImageReference reference, RegistryAuth? auth, IProgress<TransferProgress> progress, CancellationToken cancel = default)
    {
        progress.Report(new TransferProgress("Preparing"));
        await using var disk = await ExportDiskAsync(number, cancel);
        var digest = Digest.Parse($"sha256:{Convert.ToHexStringLower(await SHA256.HashDataAsync(disk, cancel))}");
        // Each try reads from the beginning, and the export is deleted with the one stream that holds it.
        return await Engine.Images.PushArtifactAsync(reference, DiskLibrary.Kind, new Descriptor { Digest = digest, Size = disk.Length }, () => new FileStream(disk.Name, FileMode.Open, FileAccess.Read), auth, progress, cancel);
    }

    /// <summary>One more machine like this one, which must not run. Both have their own changes from now on, over what they have in common.</summary>
    /// <param name="name">Null makes one up.</param>
    public async Task<Machine> CloneAsync(string? name, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            RequireStopped("it is cloned");
            RequireNotSaved("it is cloned");
            if (_record.Snapshots.Count > 0) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} has snapshots, which a clone cannot have in common with it: remove them first.");
            if (_record.Disks.FirstOrDefault(disk => disk.HostPath != "" && !disk.ReadOnly) is { } foreign) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} writes to {foreign.HostPath}, which two machines cannot: import that disk, and make a machine over it.");
            if (name is { Length: > 0 }) Validation.Name(name);
            return await Engine.Machines.CloneAsync(this, name, FreezeDisksAsync);
        }
    }

    private MachineDisk FindDisk(int number) => number >= 0 && number < _record.Disks.Count ? _record.Disks[number] : throw new EngineException(ErrorKind.NotFound, $"Machine {Name} has no disk {number}: it has {_record.Disks.Count}.");

    private static async Task ExportAsync(QmpSession session, int number, FileStream file, CancellationToken cancel)
    {
        await session.PassToSetAsync(ExportSet, file.SafeFileHandle, cancel);
        try
        {
            await session.ExecuteAsync("blockdev-add", new QmpBlockDevice(DiskFormat.Qcow2, ExportNode, new QmpFile("file", $"/dev/fdset/{ExportSet}")), QmpJson.Default.QmpBlockDevice, cancel);
            await session.ExecuteAsync("blockdev-backup", new QmpBackup(ExportJob, MachineArguments.NodeOf(number), ExportNode, "full", AutoDismiss: false), QmpJson.Default.QmpBackup, cancel);
            await AwaitJobAsync(session, ExportJob, cancel);
            await session.ExecuteAsync("blockdev-del", new QmpNode(ExportNode), QmpJson.Default.QmpNode, cancel);
        }
        finally { await session.ExecuteAsync("remove-fd", new QmpSet(ExportSet), QmpJson.Default.QmpSet, cancel); }
    }

    /// <summary>
    /// What the disks hold becomes common to all, and each of this machine's is from now on what has changed since. The files of before keep a second name until the record
    /// says so: a crash in between leaves the machine as it was.
    /// </summary>
    /// <returns>The disks of this machine; a clone's are empty ones over the same.</returns>
    private async Task<IReadOnlyList<MachineDisk>> FreezeDisksAsync()
    {
        var next = new List<MachineDisk>();
        foreach (var disk in _record.Disks)
        {
            if (disk.HostPath != "")
            {
                next.Add(disk);
                continue;
            }
            var common = await Engine.Machines.Library.FreezeAsync(PathOf(disk.File), disk.Format, disk.SizeBytes);
            var file = $"disk{next.Count}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
            Qcow2.Create(PathOf(file), disk.SizeBytes);
            next.Add(disk with { File = file, Format = DiskFormat.Qcow2, Bases = [common.Id, .. disk.Bases] });
        }
        var before = _record.Disks;
        await SaveAsync(_record with { Disks = next });
        foreach (var disk in before.Where(disk => disk.HostPath == "")) File.Delete(PathOf(disk.File));
        return next;
    }
}
