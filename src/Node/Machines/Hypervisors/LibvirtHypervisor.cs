using Yun.Node.Containers;
using Yun.Node.Events;
using Yun.Protocol;
using static Yun.Node.Machines.Hypervisors.Libvirt;

namespace Yun.Node.Machines.Hypervisors;

/// <summary>Machines of whatever libvirt reaches: QEMU under libvirtd, Xen, VirtualBox, ESXi, Hyper-V. libvirt keeps them; here is nothing but the connection.</summary>
internal sealed class LibvirtHypervisor(string uri, EventBus events) : IHypervisor
{
    private const int StopTimeoutSeconds = 30, NamesTriedMax = 64;
    private static readonly TimeSpan s_openMax = TimeSpan.FromSeconds(30), s_look = TimeSpan.FromMilliseconds(100);

    private readonly Lock _opening = new();
    private readonly LibvirtEvents _events = new(uri, events);
    private LibvirtConnection? _connection;

    public string Description => uri;

    /// <summary>Its UUID, without dashes.</summary>
    public static unsafe string IdOf(nint domain)
    {
        var uuid = stackalloc byte[16];
        _ = virDomainGetUUID(domain, uuid);
        return Convert.ToHexStringLower(new ReadOnlySpan<byte>(uuid, 16));
    }

    public Task<IReadOnlyList<MachineRecord>> ListAsync(CancellationToken cancel) => DoAsync<IReadOnlyList<MachineRecord>>(connection =>
    {
        var domains = connection.Domains();
        try { return [.. domains.Select(domain => RecordOf(connection, domain))]; }
        finally { foreach (var domain in domains) _ = virDomainFree(domain); }
    }, cancel);

    public Task<MachineRecord> FindAsync(string name, CancellationToken cancel) => WithAsync(name, RecordOf, cancel);

    public Task<string> CreateAsync(string? name, MachineConfig config, CancellationToken cancel) => DoAsync(connection =>
    {
        if (name is { Length: > 0 }) Validation.Name(name);
        else name = Enumerable.Range(0, NamesTriedMax).Select(ContainerNames.Propose).First(proposed => !connection.Has(proposed));
        if (connection.Has(name)) throw new EngineException(ErrorKind.Conflict, $"The name {name} is already in use at {uri}: remove that machine first, or choose another name.");
        var hasKvm = connection.Kind == "QEMU" && connection.Capabilities.Contains("<domain type='kvm'", StringComparison.Ordinal);
        var domain = connection.Define(DomainXml.Of(name, config, DateTimeOffset.UtcNow, connection.Kind, hasKvm));
        try { return IdOf(domain); }
        finally { _ = virDomainFree(domain); }
    }, cancel);

    public Task<bool> StartAsync(string name, bool fresh, CancellationToken cancel) => WithAsync(name, (connection, domain) =>
    {
        if (StateOf(connection, domain).IsLive) return false;
        connection.Check(virDomainCreateWithFlags(domain, fresh ? StartForceBoot : 0));
        return true;
    }, cancel);

    public async Task<bool> StopAsync(string name, int? timeoutSeconds, CancellationToken cancel)
    {
        var asked = await WithAsync(name, (connection, domain) =>
        {
            if (!StateOf(connection, domain).IsLive) return false;
            connection.Check(virDomainShutdown(domain));
            return true;
        }, cancel);
        if (!asked) return false;
        var patience = timeoutSeconds ?? StopTimeoutSeconds;
        for (var began = Environment.TickCount64; (await FindAsync(name, cancel)).State.IsLive; await Task.Delay(s_look, cancel))
        {
            if (patience < 0 || Environment.TickCount64 - began < patience * 1000L) continue;
            await KillAsync(name, cancel);
            break;
        }
        return true;
    }

    public Task KillAsync(string name, CancellationToken cancel) => ActAsync(name, virDomainDestroy, cancel);

    public Task PauseAsync(string name, CancellationToken cancel) => ActAsync(name, virDomainSuspend, cancel);

    public Task ResumeAsync(string name, CancellationToken cancel) => ActAsync(name, virDomainResume, cancel);

    public Task SaveAsync(string name, CancellationToken cancel) => ActAsync(name, domain => virDomainManagedSave(domain, 0), cancel);

    public Task RemoveAsync(string name, bool force, CancellationToken cancel) => WithAsync(name, (connection, domain) =>
    {
        if (StateOf(connection, domain).IsLive)
        {
            if (!force) throw new EngineException(ErrorKind.Conflict, $"Machine {name} is running: stop it before it is removed, or force it.");
            connection.Check(virDomainDestroy(domain));
        }
        // Not every hypervisor knows of saved states and of UEFI's variables.
        if (virDomainUndefineFlags(domain, UndefineManagedSave | UndefineNvram) < 0) connection.Check(virDomainUndefineFlags(domain, 0));
        return true;
    }, cancel);

    private Task<bool> ActAsync(string name, Func<nint, int> act, CancellationToken cancel) => WithAsync(name, (connection, domain) =>
    {
        connection.Check(act(domain));
        return true;
    }, cancel);

    private Task<T> WithAsync<T>(string name, Func<LibvirtConnection, nint, T> work, CancellationToken cancel) => DoAsync(connection =>
    {
        var domain = connection.Find(name);
        try { return work(connection, domain); }
        finally { _ = virDomainFree(domain); }
    }, cancel);

    /// <summary>On a thread that may wait for a hypervisor far away.</summary>
    private async Task<T> DoAsync<T>(Func<LibvirtConnection, T> work, CancellationToken cancel)
    {
        LibvirtConnection connection;
        try { connection = await Task.Run(Open, CancellationToken.None).WaitAsync(s_openMax, cancel); }
        catch (TimeoutException late) { throw new EngineException(ErrorKind.Unavailable, $"The hypervisor {uri} does not answer.", late); }
        return await Task.Run(() => work(connection), CancellationToken.None).WaitAsync(cancel);
    }

    private LibvirtConnection Open()
    {
        lock (_opening)
        {
            if (_connection is { IsAlive: true } there) return there;
            if (_connection is { } gone) _ = virConnectClose(gone.Handle);
            _connection = null;
            var connection = new LibvirtConnection(uri);
            // Some hypervisors tell nothing by themselves.
            try { _events.Subscribe(connection); }
            catch (EngineException none) when (none.Kind == ErrorKind.NotImplemented) { }
            return _connection = connection;
        }
    }

    private static unsafe MachineRecord RecordOf(LibvirtConnection connection, nint domain)
    {
        DomainInfo info;
        connection.Check(virDomainGetInfo(domain, &info));
        var metadata = virDomainGetMetadata(domain, MetadataElement, DomainXml.Namespace, 0);
        var record = (metadata is null ? null : DomainXml.Record(Take(metadata))) ?? new MachineRecord { Created = DateTimeOffset.UnixEpoch };
        return record with
        {
            Id = IdOf(domain), Name = System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)virDomainGetName(domain)) ?? "",
            Config = record.Config with { Memory = (long)info.MemoryMax << 10, Cpus = info.Processors }, State = StateOf(connection, domain),
            Disks = [.. record.Config.Disks.Select(disk => new MachineDisk { HostPath = disk.Source, ReadOnly = disk.ReadOnly, Format = "" })],
        };
    }

    private static unsafe MachineState StateOf(LibvirtConnection connection, nint domain)
    {
        int state, reason;
        connection.Check(virDomainGetState(domain, &state, &reason, 0));
        return state switch
        {
            Running or Blocked or ShuttingDown => new MachineState { Status = MachineStatus.Running },
            Paused or Suspended => new MachineState { Status = MachineStatus.Paused },
            Crashed => new MachineState { Status = MachineStatus.Exited, ExitCode = 1, Cause = "it crashed" },
            _ => new MachineState
            {
                Status = MachineStatus.Exited, Saved = virDomainHasManagedSaveImage(domain, 0) == 1,
                // virDomainShutoffReason
                Cause = reason switch { 1 => "the guest shut down", 2 => "it was killed", 3 => "it crashed", 4 => "it moved away", 5 => "it was saved", 6 => "its hypervisor failed", _ => "" },
            },
        };
    }
}
