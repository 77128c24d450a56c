using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers.Devices;
using Yun.Node.Containers.Spec;
using Yun.Node.Keeper;
using Yun.Node.Machines;
using Yun.Node.Networks;
using Yun.Node.Volumes;
using Yun.Protocol;

namespace Yun.Node.Containers;

public sealed partial class Container
{
    /// <summary>The running process as the keeper gave it; null when none runs, or the keeper that had it is gone.</summary>
    internal KeptProcess? Process { get; private set; }

    /// <summary>Starts it. False when it runs already.</summary>
    /// <exception cref="EngineException">In Docker's words; the container is then as it was, with the error in its state.</exception>
    public async Task<bool> StartAsync(CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            if (State.Status == ContainerStatus.Paused) throw new EngineException(ErrorKind.Conflict, "cannot start a paused container, try unpause instead");
            if (State.Status == ContainerStatus.Running) return false;
            if (State.Status is ContainerStatus.Removing or ContainerStatus.Dead) throw new EngineException(ErrorKind.Conflict, "container is marked for removal and cannot be started");
            CancelRetry();
            await StartInTurnAsync(_record with { RestartCount = 0, StoppedByUser = false }, cancel);
        }
        return true;
    }

    /// <summary>The caller holds the turn.</summary>
    private async Task StartInTurnAsync(ContainerRecord next, CancellationToken cancel)
    {
        try
        {
            await LaunchAsync(next, cancel);
        }
        catch (Exception error) when (error is EngineException or SyscallException or IOException)
        {
            var (failure, exitCode) = StartFailure.Of(error as EngineException ?? new EngineException(ErrorKind.Internal, error.Message, error));
            // A retry that fails to start ends in exited, as a first start that fails leaves the container created.
            var status = State.Status == ContainerStatus.Restarting ? ContainerStatus.Exited : State.Status;
            SaveSoon(next with { State = State with { Status = status, Error = failure.Message, ExitCode = exitCode } });
            if (HostConfig.AutoRemove) await RemoveInTurnAsync(removeVolumes: true);
            else if (status == ContainerStatus.Exited) EndWaits(exitCode);
            throw failure == error ? error : failure;
        }
    }

    private async Task LaunchAsync(ContainerRecord next, CancellationToken cancel)
    {
        await using var undo = new Undo();
        using var spaces = await OpenNamespacesAsync(cancel);
        // The network is the slowest part and needs nothing of the others.
        var attaching = Engine.Networks.AttachAsync(new SandboxRequest(Id, Name, Hostname, Config.Domainname ?? "", Config, NetworkHostConfig(next), Networking(next),
            IsMachine ? MachineSandbox.UserOf(Id) : 0, Namespace: spaces?.Network), cancel);
        undo.Push(async () => { await Ignore(attaching); await Engine.Networks.DetachAsync(Id); });
        using var root = IsMachine ? MachineSandbox.MountRoot() : MountRootfs(spaces?.User);
        var user = IsMachine ? UserInImage(Config.User) : UserLookup.Find(root, Config.User, HostConfig.GroupAdd);
        using var mounts = await PreparedMounts.PrepareAsync(Engine.Volumes, next, reference => MountImage(reference, spaces?.User), MountShift.Of(UserNamespace, spaces?.User), cancel);
        undo.Push(async () => await Engine.Volumes.UnmountAsync(Id, next.Mounts));

        var sandbox = await attaching;
        WriteNetworkFiles(sandbox);
        var reports = IsMachine ? HearMonitor() : null;
        undo.Push(StopHearingMonitorAsync);
        using var prepared = reports is null ? PrepareContainer(user, mounts, sandbox) : await PrepareMachineAsync(user, mounts, sandbox, reports, cancel);
        var start = new KeptStart(Id, Id, prepared.Spec)
        {
            Log = LogSettings.Of(this), ExitPath = HostConfig.AutoRemove ? null : ExitPath, OpenStdin = Config.OpenStdin, StdinOnce = Config.StdinOnce, UserNamespace = spaces?.User,
        };
        var target = await ConnectLogTargetAsync(cancel);
        undo.Push(() => target?.Dispose());
        await _settled;
        cancel.ThrowIfCancellationRequested();
        // Once the keeper has been asked, there may be a process: whoever does not wait for the answer would leave it behind.
        Process = await Engine.Keeper.StartAsync(start, root, sandbox.Namespace, prepared.Mounts, CancellationToken.None);
        if (prepared.FileServer is { } server) await StartFileServerAsync(server, cancel);
        if (reports is not null) await AwaitMachineAsync(reports, cancel);
        undo.Keep();
        SaveSoon(next with
        {
            Endpoints = new(sandbox.Endpoints), Ports = new(sandbox.Ports),
            State = new ContainerState
            {
                Status = ContainerLife.Next(State.Status, ContainerAction.Start), Pid = Process.Pid, StartedAt = Process.StartedAt, FinishedAt = State.FinishedAt,
                BootId = Engine.BootId, Health = HasHealthCheck ? new HealthState() : null,
            },
        });
        PublishNetworks("connect", sandbox.Endpoints);
        Publish("start");
        StartForwarding(target);
        StartHealthChecks();
    }

    private PreparedStart PrepareContainer(ContainerUser user, PreparedMounts mounts, Sandbox sandbox)
    {
        var facts = new StartFacts(user, mounts.Specs, mounts.RootfsPropagation, sandbox.Namespace is not null, PidOf(HostConfig.PidMode, "PID"), PidOf(HostConfig.IpcMode, "IPC"), FindInit());
        var spec = new RuntimeSpecBuilder(this, facts).Build();
        CdiDevices.Apply(spec, HostConfig, Engine.Options.Containers.CdiDirectories);
        // Hooks find the container's files here; in other mount namespaces it stays empty.
        if (spec.Hooks is not null) spec.Root!.Path = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "rootfs")).FullName;
        return SharedMemory.Join(facts.JoinedIpc) is { } sharedMemory
            ? new PreparedStart(spec, new Dictionary<string, SafeHandle>(mounts.Descriptors) { ["/dev/shm"] = sharedMemory }, sharedMemory)
            : new PreparedStart(spec, mounts.Descriptors);
    }

    private static HostConfig NetworkHostConfig(ContainerRecord record)
    {
        if (!record.HasLeftModeNetwork) return record.HostConfig;
        var host = HostConfigChange.Copy(record.HostConfig);
        host.NetworkMode = record.NetworkMode;
        return host;
    }

    private static NetworkingConfig Networking(ContainerRecord record) => new() { EndpointsConfig = record.WantedEndpoints };

    private void WriteNetworkFiles(Sandbox sandbox)
    {
        File.WriteAllText(HostnamePath, Hostname + "\n");
        File.WriteAllText(HostsPath, sandbox.Hosts);
        File.WriteAllText(ResolvConfPath, sandbox.ResolvConf);
    }

    /// <summary>The first process of the container that a mode names; 0 when it names none.</summary>
    private int PidOf(string? mode, string what)
    {
        if (NamespaceMode.SharedContainer(mode) is not { } reference) return 0;
        var other = Engine.Containers.Find(reference);
        if (!other.State.IsLive) throw new EngineException(ErrorKind.Conflict, $"cannot join {what} namespace of a non running container: {other.Id}");
        if (what == "IPC" && other.HostConfig.IpcMode is "private" or "none")
            throw new EngineException(ErrorKind.InvalidArgument, $"cannot join IPC of container {other.Id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)");
        return other.State.Pid;
    }

    private string? FindInit()
    {
        if (HostConfig.Init != true) return null;
        IEnumerable<string> places = Engine.Options.InitPath is { } given ? [given] : ["/usr/bin/tini-static", "/usr/bin/docker-init", "/usr/libexec/docker/docker-init", "/usr/local/bin/tini-static"];
        return places.FirstOrDefault(File.Exists) ?? throw new EngineException(ErrorKind.InvalidArgument, $"exec: \"{Engine.Options.InitPath ?? "tini-static"}\": executable file not found in $PATH");
    }

    private static async Task Ignore(Task task)
    {
        try { await task; }
        catch (Exception) { /* Its failure was told by whoever awaited it first. */ }
    }
}
