using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers.UserIds;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Keeper;

/// <summary>
/// The daemon's side of the keeper, the one process that is the parent of all containers and outlives the daemon. Every call has a deadline; when the
/// keeper is gone, calls fail as <see cref="ErrorKind.Unavailable"/>. Safe for concurrent use.
/// </summary>
public sealed partial class KeeperClient : IAsyncDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);

    // A start waits for cgroups, mounts and the image's disk on a machine that may start a hundred at once.
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromSeconds(60);

    private readonly KeeperConnection _connection;
    private readonly Dictionary<string, KeptProcess> _kept = [];
    private readonly Lock _news = new();
    private readonly List<KeeperExit> _unheard = [];
    private readonly Dictionary<string, KeeperExit> _ended = [];
    private Action<KeeperExit>? _exited;
    private Action<EngineException>? _lost;
    private EngineException? _loss;
    private volatile bool _stopping;

    private KeeperClient(UnixSocket socket) => _connection = new KeeperConnection(socket, OnExited, OnClosed);

    /// <summary>The keeper's own process.</summary>
    public int Pid { get; private set; }

    /// <summary>
    /// A kept process has ended and its output has been read. Exits not yet forgotten are told again to each new connection; they wait for the first
    /// handler. A short process's exit may be told before <see cref="StartAsync"/> has returned. Handlers are called one after the other, return at
    /// once, and do not throw.
    /// </summary>
    public event Action<KeeperExit> Exited
    {
        add
        {
            lock (_news)
            {
                _exited += value;
                _unheard.ForEach(value);
                _unheard.Clear();
            }
        }
        remove
        {
            lock (_news)
                _exited -= value;
        }
    }

    /// <summary>The keeper has died or does not answer. A handler added afterwards is told at once.</summary>
    public event Action<EngineException> Lost
    {
        add
        {
            lock (_news)
            {
                _lost += value;
                if (_loss is not null)
                    value(_loss);
            }
        }
        remove
        {
            lock (_news)
                _lost -= value;
        }
    }

    /// <summary>Starts a process. The mounts are detached ones by destination, besides the root file system.</summary>
    /// <exception cref="EngineException">With the runtime's words; the cause is a <see cref="SyscallException"/> where a call failed.</exception>
    public async Task<KeptProcess> StartAsync(KeptStart start, SafeHandle? rootfs, SafeHandle? netns, IReadOnlyDictionary<string, SafeHandle>? mounts = null, CancellationToken cancel = default)
    {
        var request = new KeeperStart
        {
            ProcessId = start.ProcessId, ContainerId = start.ContainerId, Exec = start.Exec, Log = start.Log, ExitPath = start.ExitPath,
            OpenStdin = start.OpenStdin, StdinOnce = start.StdinOnce, NetworkNamespace = netns is not null, UserNamespace = start.UserNamespace is not null,
        };
        var descriptors = new List<SafeHandle>();
        void Pass(string destination, SafeHandle mount)
        {
            request.MountDestinations.Add(destination);
            descriptors.Add(mount);
        }
        if (rootfs is not null)
            Pass("/", rootfs);
        foreach (var (destination, mount) in mounts ?? new Dictionary<string, SafeHandle>())
            Pass(destination, mount);
        if (start.UserNamespace is not null)
            descriptors.Add(start.UserNamespace);
        if (netns is not null)
            descriptors.Add(netns);
        if (descriptors.Count > KeeperProtocol.DescriptorsMax)
            throw new EngineException(ErrorKind.InvalidArgument, $"Container {start.ContainerId} has {descriptors.Count} mounts; at most {KeeperProtocol.DescriptorsMax} can be made at once.");
        var spec = JsonSerializer.SerializeToUtf8Bytes(start.Spec, RuntimeSpecJson.Default.RuntimeSpec);
        var answer = await _connection.CallAsync(new() { Start = request }, "start the process", s_startDeadline, cancel, spec, descriptors, KillLate).ConfigureAwait(false);
        return Adopt(answer)[0];
    }

    /// <summary>Makes a user namespace with these ids, and a network namespace in it when that is asked for.</summary>
    public async Task<KeptNamespaces> MakeNamespacesAsync(UserNamespace ids, bool network, CancellationToken cancel = default)
    {
        var request = new KeeperNamespaces { Users = [.. ids.Users.Select(Range)], Groups = [.. ids.Groups.Select(Range)], Network = network };
        var made = (await _connection.CallAsync(new() { Namespaces = request }, "make the user namespace", s_deadline, cancel).ConfigureAwait(false)).Descriptors;
        return new KeptNamespaces(made[0], network ? made[1] : null);
    }

    /// <summary>A network namespace in a user namespace that is there.</summary>
    public async Task<SafeFileHandle> MakeNetworkAsync(SafeHandle userns, CancellationToken cancel = default) =>
        (await _connection.CallAsync(new() { Namespaces = new() { Network = true, Inside = true } }, "make the network namespace", s_deadline, cancel, descriptors: [userns]).ConfigureAwait(false)).Descriptors[0];

    private static KeeperIds Range(SpecIdMapping ids) => new() { Inside = ids.ContainerId, Outside = ids.HostId, Count = ids.Size };

    /// <summary>Connects a client to the process's streams. Before the process is started, it will miss nothing of it.</summary>
    public async Task<KeptAttachment> AttachAsync(string processId, bool stdin, bool stdout, bool stderr, CancellationToken cancel = default)
    {
        var (ours, theirs) = UnixSocket.Pair();
        using (theirs)
        {
            try
            {
                var request = new KeeperAttach { ProcessId = processId, Stdin = stdin, Stdout = stdout, Stderr = stderr };
                await CallAsync(new() { Attach = request }, "attach the client", cancel, theirs).ConfigureAwait(false);
                return new KeptAttachment(ours);
            }
            catch
            {
                ours.Dispose();
                throw;
            }
        }
    }

    public Task ResizeAsync(string processId, int rows, int columns, CancellationToken cancel = default) =>
        CallAsync(new() { Resize = new() { ProcessId = processId, Rows = (ushort)rows, Columns = (ushort)columns } }, "resize the terminal", cancel);

    /// <summary>Sends a signal; a process that has ended is a <see cref="ErrorKind.Conflict"/>.</summary>
    public Task SignalAsync(string processId, int signal, CancellationToken cancel = default) =>
        CallAsync(new() { Signal = new() { ProcessId = processId, Signal = signal } }, "signal the process", cancel);

    /// <summary>Empties the log while the container writes to it; a conflict when it has ended, and nobody else writes there.</summary>
    public Task ClearLogAsync(string processId, CancellationToken cancel = default) =>
        CallAsync(new() { ClearLog = new() { ProcessId = processId } }, "clear the log", cancel);

    /// <summary>All processes not forgotten, running or ended.</summary>
    public async Task<IReadOnlyList<KeptProcess>> ListAsync(CancellationToken cancel = default) =>
        Adopt(await _connection.CallAsync(new() { List = new() }, "list its processes", s_deadline, cancel).ConfigureAwait(false));

    /// <summary>The exit has been taken note of, durably where that matters. Nothing happens for an unknown id; one that still runs is a conflict.</summary>
    public async Task ForgetAsync(string processId, CancellationToken cancel = default)
    {
        await CallAsync(new() { Forget = new() { ProcessId = processId } }, "forget the process", cancel).ConfigureAwait(false);
        lock (_news)
        {
            _ended.Remove(processId);
            if (_kept.Remove(processId, out var process))
                process.Dispose();
        }
    }

    /// <summary>The keeper holds copies of the descriptors open under a name, past the daemon's life; what was there under the name is closed.</summary>
    public Task HoldAsync(string name, IReadOnlyList<SafeHandle> descriptors, CancellationToken cancel = default) =>
        CallAsync(new() { Hold = new() { Name = name, Count = descriptors.Count } }, "hold the descriptors", cancel, [.. descriptors]);

    /// <summary>Copies of what is held under a name, owned by the caller; empty when nothing is.</summary>
    public async Task<IReadOnlyList<SafeFileHandle>> HeldAsync(string name, CancellationToken cancel = default) =>
        (await _connection.CallAsync(new() { Held = new() { Name = name } }, "give the descriptors", s_deadline, cancel).ConfigureAwait(false)).Descriptors;

    public Task ReleaseAsync(string name, CancellationToken cancel = default) =>
        CallAsync(new() { Release = new() { Name = name } }, "release the descriptors", cancel);

    /// <summary>Ends the keeper, and with it this client; a conflict while any process runs. <see cref="Lost"/> is not raised.</summary>
    public async Task StopAsync(CancellationToken cancel = default)
    {
        _stopping = true;
        try
        {
            await CallAsync(new() { Stop = new() }, "stop", cancel).ConfigureAwait(false);
        }
        catch
        {
            _stopping = false;
            throw;
        }
    }

    /// <summary>Leaves the keeper, which goes on.</summary>
    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        lock (_news)
        {
            foreach (var process in _kept.Values)
                process.Dispose();
            _kept.Clear();
        }
        return ValueTask.CompletedTask;
    }

    private async Task CallAsync(KeeperRequest request, string what, CancellationToken cancel, params SafeHandle[] descriptors) =>
        (await _connection.CallAsync(request, what, s_deadline, cancel, descriptors: descriptors).ConfigureAwait(false)).Dispose();

    private List<KeptProcess> Adopt(KeeperAnswer answer)
    {
        var adopted = new List<KeptProcess>();
        var descriptors = new Queue<SafeFileHandle>(answer.Descriptors);
        foreach (var process in answer.Replies.SelectMany(reply => reply.Processes ?? []))
        {
            var pidFd = process.Descriptors > 0 ? descriptors.Dequeue() : null;
            var outputs = new List<SafeFileHandle>();
            while (outputs.Count < process.Descriptors - 1)
                outputs.Add(descriptors.Dequeue());
            adopted.Add(Adopt(new KeptProcess(process, pidFd, outputs)));
        }
        return adopted;
    }

    private KeptProcess Adopt(KeptProcess process)
    {
        lock (_news)
        {
            // The same process listed again keeps its first object: somebody may be holding its pidfd.
            if (_kept.TryGetValue(process.ProcessId, out var known) && known.Pid == process.Pid && known.StartedAt == process.StartedAt)
            {
                process.Dispose();
                return known;
            }
            known?.Dispose();
            // Its end can have been told before the answer to its start was taken up.
            if (_ended.Remove(process.ProcessId, out var exit) && exit.Pid == process.Pid)
                process.Ended(exit);
            return _kept[process.ProcessId] = process;
        }
    }

    private void OnExited(KeeperExit exit)
    {
        lock (_news)
        {
            if (_kept.TryGetValue(exit.ProcessId, out var process) && process.Pid == exit.Pid)
                process.Ended(exit);
            else
                _ended[exit.ProcessId] = exit;
            if (_exited is null)
                _unheard.Add(exit);
            else
                _exited(exit);
        }
    }

    // A start that nobody waits for any more must not leave a container that nobody knows of.
    private void KillLate(KeeperAnswer answer)
    {
        foreach (var process in answer.Replies.SelectMany(reply => reply.Processes ?? []))
            _connection.Post(new() { Signal = new() { ProcessId = process.ProcessId, Signal = 9 } });
    }

    private void OnClosed(Exception? cause)
    {
        if (cause is not EngineException loss || _stopping)
            return;
        lock (_news)
        {
            _loss = loss;
            _lost?.Invoke(loss);
        }
    }
}
