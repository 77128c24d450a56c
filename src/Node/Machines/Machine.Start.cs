using System.Runtime.InteropServices;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Node.Keeper;
using Yun.Node.Machines.Qmp;
using Yun.Node.Networks;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class Machine
{
    private static readonly TimeSpan s_connectMax = TimeSpan.FromSeconds(60), s_endMax = TimeSpan.FromSeconds(10);
    private const long LogBytesMax = 20 << 20;
    private const int LogFilesMax = 5, Kill = 9;

    private KeptProcess? _process;
    private QmpListener? _qmp;

    /// <summary>Starts it, or goes on from its saved state. False when it runs already.</summary>
    /// <exception cref="EngineException">With QEMU's own words where it has some; the machine is then as it was.</exception>
    /// <param name="fresh">Not from its saved state, which is thrown away: as after a power cut.</param>
    public async Task<bool> StartAsync(bool fresh = false, CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            if (State.Status == MachineStatus.Paused) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} is paused: resume it instead.");
            if (State.Status == MachineStatus.Running) return false;
            CancelRetry();
            if (fresh && State.Saved) await SaveAsync(_record with { State = State with { Saved = false } });
            await StartInTurnAsync(_record with { RestartCount = 0, StoppedByUser = false }, cancel);
        }
        return true;
    }

    private async Task StartInTurnAsync(MachineRecord next, CancellationToken cancel)
    {
        try
        {
            await using var undo = new Undo();
            var ended = Expect(undo);
            var session = await LaunchAsync(ended, undo, cancel);
            if (next.State.Saved) await ComeBackAsync(session, cancel);
            await session.ExecuteAsync("cont", cancel);
            undo.Keep();
            await BegunAsync(next, ended);
        }
        catch (Exception error) when (error is EngineException or SyscallException or IOException or QmpException)
        {
            var status = State.Status == MachineStatus.Restarting ? MachineStatus.Exited : State.Status;
            await SaveAsync(_record with { State = State with { Status = status, Error = error.Message } });
            if (status == MachineStatus.Exited) EndWaits(State.ExitCode);
            throw error as EngineException ?? new EngineException(ErrorKind.Internal, $"Machine {Name} cannot be started: {error.Message}", error);
        }
    }

    /// <summary>QEMU's end is told here, and to nobody else, until the start is over.</summary>
    private Task<int> Expect(Undo undo)
    {
        undo.Push(() => Engine.Exits.Forget(Id));
        return Engine.Exits.Expect(Id);
    }

    /// <summary>It runs: notes that and lets the world know.</summary>
    private async Task BegunAsync(MachineRecord next, Task<int> ended)
    {
        var sandbox = Engine.Networks.SandboxOf(Id)!;
        await SaveAsync(_record with
        {
            RestartCount = next.RestartCount, StoppedByUser = next.StoppedByUser, Endpoints = new(sandbox.Endpoints), Ports = new(sandbox.Ports),
            State = new MachineState { Status = MachineLife.Next(State.Status, MachineAction.Start), Pid = _process!.Pid, StartedAt = _process.StartedAt, FinishedAt = State.FinishedAt, BootId = Engine.BootId },
        });
        if (File.Exists(StatePath)) File.Delete(StatePath);
        Publish("start");
        Engine.Exits.Forget(Id);
        // It has ended already, and was told to us.
        if (ended.IsCompletedSuccessfully) await EndRunAsync(ended.Result, oomKilled: false, Engine.Time.GetUtcNow());
    }

    /// <summary>QEMU, connected, its guest not begun.</summary>
    /// <param name="undo">Gets what takes all of it back.</param>
    private async Task<QmpSession> LaunchAsync(Task<int> ended, Undo undo, CancellationToken cancel)
    {
        var tools = Engine.ImageMachines.Tools;
        tools.RequireQemu();
        MachineValidation.CheckMemory(Config);
        undo.Push(GiveBackFilesAsync);
        using var files = await OpenFilesAsync();
        undo.Push(async () => await Engine.Networks.DetachAsync(Id));
        var sandbox = await Engine.Networks.AttachAsync(NetworkRequest(), cancel);
        AddSeed(sandbox, files);
        var plan = Plan(sandbox, tools);
        undo.Push(StopListeningAsync);
        ListenForQemu();

        using var root = MachineSandbox.MountRoot();
        using var usr = tools.MountUsr();
        var start = new KeptStart(Id, Id, MachineSandbox.Spec(plan, CgroupPath, files.Mounts, QmpFolder))
        {
            Log = new KeeperLog { Path = LogPath, FileBytesMax = LogBytesMax, FilesMax = LogFilesMax }, ExitPath = ExitPath, OpenStdin = true,
        };
        await _settled;
        cancel.ThrowIfCancellationRequested();
        var began = Engine.Time.GetUtcNow();
        // Once the keeper has been asked, there may be a process.
        _process = await Engine.Keeper.StartAsync(start, root, sandbox.Namespace, files.WithUsr(usr), CancellationToken.None);
        undo.Push(() => EndFailedAsync(ended));
        var session = await AwaitQemuAsync(ended, began, cancel);
        await EnlargeDisksAsync(session, cancel);
        return session;
    }

    private SandboxRequest NetworkRequest()
    {
        var config = new ContainerConfig { Hostname = Hostname, ExposedPorts = Config.PortBindings.Keys.ToDictionary(port => port, _ => new EmptyObject()), NetworkDisabled = Config.NetworkDisabled };
        var host = new HostConfig { NetworkMode = Config.NetworkDisabled ? NetworkNames.None : Config.Networks.Keys.FirstOrDefault(), PortBindings = Config.PortBindings };
        var networks = Config.Networks.ToDictionary(network => network.Key, network => WithLastAddress(network.Key, network.Value));
        return new SandboxRequest(Id, Name, Hostname, "", config, host, Config.NetworkDisabled ? null : new NetworkingConfig { EndpointsConfig = networks }, User, AsksForAddresses: true);
    }

    private EndpointSettings? WithLastAddress(string network, EndpointSettings? asked)
    {
        var wished = asked?.WithMacAddress(asked.MacAddress ?? "");
        if (wished is not null) wished.IpAddress = _record.Endpoints.GetValueOrDefault(network)?.IpAddress;
        return wished;
    }

    private MachinePlan Plan(Sandbox sandbox, MachineTools tools) => new(
        Id, MachineValidation.MemoryOf(Config), Math.Max(1, Config.Cpus), ImageMachines.HasKvm,
        [.. _record.Disks.Select(disk => new PlannedDisk(disk.Format, disk.ReadOnly, [.. disk.Bases.Select(id => Engine.Machines.Library.OfId(id).Format)]))],
        sandbox.Interfaces, File.Exists(PathOf(KernelFile)), File.Exists(PathOf(InitialRootFile)), Config.Append, File.Exists(PathOf(FirmwareFile)),
        Config.Firmware == MachineValidation.Uefi ? tools.RequireUefi().Code : null, Config.Cdrom != "", Config.CloudInit is not null, State.Saved, Engine.Options.Machines.MergesMemory) { Modules = [.. Config.Modules.Select(MachineModule.LineOf)], CpuFlags = Config.CpuFlags, HasScreen = Config.Screen, HasAgentPort = _record.HasAgentPort };

    private async Task<QmpSession> AwaitQemuAsync(Task<int> ended, DateTimeOffset began, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_connectMax);
        var connecting = _qmp!.SessionAsync(deadline.Token);
        if (await Task.WhenAny(connecting, ended) == ended) throw new EngineException(ErrorKind.Internal, $"QEMU of machine {Name} ended at its start: {await LastWordsAsync(began)}");
        try { return await connecting; }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested) { throw new EngineException(ErrorKind.Unavailable, $"QEMU of machine {Name} did not connect within {s_connectMax.TotalSeconds:0} seconds."); }
    }

    private async ValueTask EndFailedAsync(Task<int> ended)
    {
        if (_process is { } process && !ended.IsCompleted) ProcessDescriptor.Signal(process.PidFd, Kill);
        await ended.WaitAsync(s_endMax);
        _process = null;
        await Engine.Keeper.ForgetAsync(Id);
    }
}
