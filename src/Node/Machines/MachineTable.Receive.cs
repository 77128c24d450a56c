using Yun.Linux;
using Yun.Node.Containers;
using Yun.Node.Machines.Disks;
using Yun.Node.Machines.Moves;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class MachineTable
{
    /// <summary>Takes a machine over from another daemon. Its failures are told to that one, and leave nothing here.</summary>
    public async Task ReceiveAsync(Stream input, Stream output, CancellationToken cancel)
    {
        var other = new MoveStream(input, output);
        try
        {
            await ReceiveAsync(other, cancel);
        }
        catch (Exception failed) when (failed is EngineException or SyscallException or IOException)
        {
            engine.Log.Warn($"A machine from elsewhere is not taken over: {failed.Message}");
            try { await other.SendAsync(new MoveMessage { Refused = failed.Message, RefusedKind = (failed as EngineException)?.Kind ?? ErrorKind.Internal }, cancel); }
            catch (Exception gone) when (gone is IOException or OperationCanceledException) { /* It has found out by itself. */ }
            return;
        }
        // It runs here whether or not this is heard.
        try { await other.SendAsync(new MoveMessage { Word = MoveStream.Running }, cancel); }
        catch (Exception gone) when (gone is IOException or OperationCanceledException) { engine.Log.Warn("A machine was taken over, and the daemon that it came from is gone: it is paused there."); }
    }

    private async Task ReceiveAsync(MoveStream other, CancellationToken cancel)
    {
        var offered = (await other.ReceiveAsync(cancel)).Offer ?? throw new EngineException(ErrorKind.InvalidArgument, "no machine was offered");
        Validation.Name(offered.Name);
        MachineValidation.Check(offered.Config);
        engine.ImageMachines.Tools.RequireQemu();
        if (offered.Id.Length != 64 || offered.Id.AsSpan().ContainsAnyExcept(s_hex)) throw new EngineException(ErrorKind.InvalidArgument, "the machine's id is none");
        if (TryFind(offered.Id) is not null) throw new EngineException(ErrorKind.Conflict, $"machine {offered.Id[..12]} is here already");
        var config = WithAddresses(offered.Config);

        await using var undo = new Undo();
        TakeName(offered.Name, offered.Id);
        undo.Push(() => { _names.TryRemove(KeyValuePair.Create(offered.Name, offered.Id)); });
        var machine = new Machine(engine, new MachineRecord { Id = offered.Id, Name = offered.Name, Created = offered.Created, Config = config, Endpoints = offered.Endpoints, HasAgentPort = offered.HasAgentPort });
        Directory.CreateDirectory(machine.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        undo.Push(() => engine.Trash.Throw(machine.Directory));
        await other.SendAsync(new MoveMessage { Word = MoveStream.Accepted }, cancel);

        var disks = offered.Disks.Select(_ => new MachineDisk()).ToArray();
        while (await ReceiveFileAsync(machine, other, cancel) is var name && name != Machine.StateName)
        {
            if (name.Split('.') is not [var disk, var what] || !int.TryParse(disk["disk".Length..], out var number)) continue;
            if (number >= disks.Length) throw new EngineException(ErrorKind.InvalidArgument, $"the machine has no disk {number}");
            if (what == "full")
            {
                var common = await Library.FreezeAsync(Path.Combine(machine.Directory, name), DiskFormat.Qcow2, offered.Disks[number].SizeBytes);
                File.Delete(Path.Combine(machine.Directory, name));
                undo.Push(async () => { Library.Release([common.Id]); await Library.CollectAsync(); });
                disks[number] = new MachineDisk { File = $"disk{number}.changes", Bases = [common.Id], SizeBytes = offered.Disks[number].SizeBytes };
            }
        }
        if (disks.Any(disk => disk.File == "" || !File.Exists(Path.Combine(machine.Directory, disk.File)))) throw new EngineException(ErrorKind.InvalidArgument, "a disk of the machine was not sent");
        await machine.SaveAsync(machine.Record with { Disks = disks, State = new MachineState { Saved = true } });
        undo.Push(async () => await engine.Store.DeleteAsync(Prefix + machine.Id));
        _byId[machine.Id] = machine;
        undo.Push(() => { _byId.TryRemove(machine.Id, out _); });
        machine.Publish("create");
        await machine.ArriveAsync(other, cancel);
        undo.Keep();
        Library.Release(disks.SelectMany(disk => disk.Bases));
    }

    /// <summary>The next file, whose name is given back: one of those that a machine has and no other.</summary>
    private static async Task<string> ReceiveFileAsync(Machine machine, MoveStream other, CancellationToken cancel)
    {
        var name = (await other.ReceiveAsync(cancel)).File ?? throw new EngineException(ErrorKind.InvalidArgument, "a file was expected");
        var isOfBoot = Machine.BootFiles(machine.Config).Contains(name);
        var known = isOfBoot || name == Machine.StateName
            || (name.StartsWith("disk", StringComparison.Ordinal) && name.Split('.') is [var disk, "full" or "changes"] && int.TryParse(disk["disk".Length..], out var number) && number is >= 0 and < 16);
        if (!known) throw new EngineException(ErrorKind.InvalidArgument, $"a machine has no file '{name}'");
        await using (var file = new FileStream(Path.Combine(machine.Directory, name), FileMode.CreateNew)) await other.ReceiveFileAsync(file, cancel);
        if (isOfBoot && name != Machine.VariablesFile) File.SetUnixFileMode(Path.Combine(machine.Directory, name), ForAll);
        // A disk says of itself what it wants, and this one comes from elsewhere.
        if (name.StartsWith("disk", StringComparison.Ordinal))
            using (var file = File.OpenHandle(Path.Combine(machine.Directory, name))) Qcow2.ReadSize(file, name);
        return name;
    }
}
