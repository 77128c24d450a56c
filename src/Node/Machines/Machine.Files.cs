using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Machines.Disks;
using Yun.Node.Machines.Qmp;
using Yun.Node.Networks;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>A file for a sandbox: a detached mount of it.</summary>
internal sealed record MachineFile(SafeFileHandle Mount, bool ReadOnly);

/// <summary>What QEMU opens, by its path in the sandbox.</summary>
internal sealed class MachineFiles : IDisposable
{
    private readonly Dictionary<string, MachineFile> _mounts = [];

    public IReadOnlyDictionary<string, MachineFile> Mounts => _mounts;

    /// <summary>Of what is open, so that no path can be exchanged in between.</summary>
    public void Add(string path, SafeFileHandle opened, bool readOnly)
    {
        using (opened) _mounts[path] = new MachineFile(MountTree.Clone(opened, recursive: false), readOnly);
    }

    public Dictionary<string, SafeHandle> WithUsr(SafeHandle usr)
    {
        var all = new Dictionary<string, SafeHandle> { ["/usr"] = usr };
        foreach (var (path, file) in _mounts) all[path] = file.Mount;
        return all;
    }

    public void Dispose()
    {
        foreach (var file in _mounts.Values) file.Mount.Dispose();
    }
}

public sealed partial class Machine
{
    internal const string KernelFile = "kernel", InitialRootFile = "initrd", FirmwareFile = "firmware", VariablesFile = "variables", SeedFile = "seed";

    /// <summary>What a machine starts from and its directory has a copy of.</summary>
    internal static IEnumerable<string> BootFiles(MachineConfig config) => [KernelFile, InitialRootFile, FirmwareFile, VariablesFile, .. config.Modules.Select((_, i) => MachineModule.FileOf(i))];

    private string DiskPath(MachineDisk disk) => disk.HostPath != "" ? disk.HostPath : PathOf(disk.File);

    private string StatePath => PathOf("state");

    /// <summary>Opens all that QEMU will, gives it to the machine's user, and looks at disks once more: they may have changed since.</summary>
    private async Task<MachineFiles> OpenFilesAsync()
    {
        var files = new MachineFiles();
        try
        {
            foreach (var (name, place) in ((string, string)[])[(KernelFile, MachineArguments.Kernel), (InitialRootFile, MachineArguments.InitialRoot), (FirmwareFile, MachineArguments.Firmware)])
                if (File.Exists(PathOf(name))) files.Add(place, PathDescriptor.Open(null, PathOf(name), OpenFlags.ReadOnly), readOnly: true);
            for (var i = 0; i < Config.Modules.Count; i++) files.Add(MachineArguments.ModulePath(i), PathDescriptor.Open(null, PathOf(MachineModule.FileOf(i)), OpenFlags.ReadOnly), readOnly: true);
            if (File.Exists(PathOf(VariablesFile))) files.Add(MachineArguments.FirmwareVariables, GivenAway(PathDescriptor.Open(null, PathOf(VariablesFile), OpenFlags.ReadWrite)), readOnly: false);
            if (Config.Cdrom != "") files.Add(MachineArguments.Cdrom, await LentAsync(null), readOnly: true);
            for (var i = 0; i < _record.Disks.Count; i++)
            {
                var disk = _record.Disks[i];
                if (disk.HostPath == "") files.Add(MachineArguments.DiskPath(i), GivenAway(PathDescriptor.Open(null, DiskPath(disk), OpenFlags.ReadWrite)), readOnly: false);
                else files.Add(MachineArguments.DiskPath(i), await LentAsync(i), disk.ReadOnly);
                for (var place = 0; place < disk.Bases.Count; place++) files.Add(MachineArguments.BasePath(i, place), PathDescriptor.Open(null, Engine.Machines.Library.PathOf(disk.Bases[place]), OpenFlags.ReadOnly), readOnly: true);
            }
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private SafeFileHandle GivenAway(SafeFileHandle file)
    {
        OpenFile.ChangeOwner(file, User, User);
        const uint byOwner = 0x180;
        OpenFile.ChangeMode(file, byOwner);
        return file;
    }

    /// <summary>
    /// A file of the host, which belongs to the machine's user as long as that runs. Whose it was is written down before: a crash in between leaves it to be given back.
    /// What others may read anyway stays as it is where it is only read.
    /// </summary>
    /// <param name="disk">Null is the CD.</param>
    private async Task<SafeFileHandle> LentAsync(int? disk)
    {
        var (path, readOnly) = disk is { } number ? (_record.Disks[number].HostPath, _record.Disks[number].ReadOnly) : (Config.Cdrom, true);
        var file = DiskFile.Open(path, readOnly);
        try
        {
            if (disk is { } one) DiskFile.Read(file, path, _record.Disks[one].Format);
            var status = FileAt.Status(file);
            const uint readByAll = 4;
            if (readOnly && (status.Mode & readByAll) != 0) return file;
            if (disk is not { } lent) throw new EngineException(ErrorKind.InvalidArgument, $"The image {path} cannot be read by everybody: a CD is given to a machine as it is, so run 'chmod o+r' on it.");
            if (status.UserId >= MachineSandbox.UsersBegin) throw new EngineException(ErrorKind.Conflict, $"The disk {path} is in use by another machine.");
            await SaveAsync(_record with { Disks = [.. _record.Disks.Select((known, i) => i == lent ? known with { HostOwner = string.Create(CultureInfo.InvariantCulture, $"{status.UserId}:{status.GroupId}") } : known)] });
            OpenFile.ChangeOwner(file, User, User);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Gives files of the host back to whom they belonged.</summary>
    private async ValueTask GiveBackFilesAsync()
    {
        foreach (var disk in _record.Disks.Where(disk => disk.HostOwner != ""))
        {
            if (disk.HostOwner.Split(':') is not [var user, var group] || !uint.TryParse(user, out var userId) || !uint.TryParse(group, out var groupId)) continue;
            if (PathDescriptor.TryOpen(null, disk.HostPath, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out var file) != Errno.None) continue;
            // Not what stands there now instead of it.
            using (file)
                if (FileAt.Status(file!).UserId == User) OpenFile.ChangeOwner(file!, userId, groupId);
        }
        if (_record.Disks.Any(disk => disk.HostOwner != "")) await SaveAsync(_record with { Disks = [.. _record.Disks.Select(disk => disk with { HostOwner = "" })] });
    }

    private void AddSeed(Sandbox sandbox, MachineFiles files)
    {
        if (Config.CloudInit is not { } config) return;
        File.WriteAllBytes(PathOf(SeedFile), CloudInitSeed.Make(config, Id, Hostname, sandbox.Interfaces));
        File.SetUnixFileMode(PathOf(SeedFile), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        files.Add(MachineArguments.Seed, GivenAway(PathDescriptor.Open(null, PathOf(SeedFile), OpenFlags.ReadOnly)), readOnly: true);
    }

    /// <summary>A disk that shall be larger than what lies in it becomes so before the guest looks at it.</summary>
    private async Task EnlargeDisksAsync(QmpSession session, CancellationToken cancel)
    {
        for (var i = 0; i < _record.Disks.Count; i++)
        {
            var disk = _record.Disks[i];
            if (disk.ReadOnly) continue;
            using var file = PathDescriptor.Open(null, DiskPath(disk), OpenFlags.ReadOnly);
            if (DiskFile.Read(file, DiskPath(disk), disk.Format).SizeBytes < disk.SizeBytes)
                await session.ExecuteAsync("block_resize", new QmpResize(MachineArguments.NodeOf(i), disk.SizeBytes), QmpJson.Default.QmpResize, cancel);
        }
    }
}
