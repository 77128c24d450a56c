using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Compile;

namespace Yun.Runtime.Commands;

/// <summary>A container just made, from a bundle by run or create, or from a checkpoint.</summary>
internal sealed class NewContainer : IDisposable
{
    public NewContainer(ContainerState state, LaunchedProcess process) => (State, Process) = (state, process);

    public ContainerState State { get; }
    public LaunchedProcess Process { get; }

    /// <param name="makeGate">Makes what the program waits at, in the container's directory; null when it begins at once.</param>
    public static NewContainer Start(string id, LaunchOptions options, RuntimeSettings settings, Func<SafeFileHandle>? makeGate)
    {
        var spec = Bundle.Read(options.BundlePath);
        spec.Linux ??= new SpecLinux();
        var hasPath = spec.Linux.CgroupsPath is { Length: > 0 };
        var cgroup = spec.Linux.CgroupsPath = spec.Linux.CgroupsPath is { Length: > 0 } path ? "/" + path.Trim('/') : $"/{id}";
        if (!Cgroup.IsPath(cgroup)) throw new SpecException("linux.cgroupsPath", $"'{cgroup}' has a part that is empty, . or ..");
        CheckTerminal(spec, options, waits: makeGate is null);
        if (options.ActivatedFds > 0 && spec.Process is { } activated) activated.Env = [.. activated.Env ?? [], $"LISTEN_FDS={options.ActivatedFds}", "LISTEN_PID=1"];
        ProcessDefaults.Complete(spec, options.BundlePath, settings.Log);
        if (spec.Linux.Seccomp is { } seccomp) settings.Log.Debug($"seccomp filter flags: {SeccompFilter.Flags(seccomp, listens: SeccompFilter.Notifies(seccomp))}");
        ContainerState.Reserve(settings, id, cgroup);
        LaunchedProcess? process = null;
        var mountBefore = SharesMounts(spec) ? HostMount.At(RootOf(spec, options)) : 0;
        settings.Log.Debug($"starting container {id} from the bundle {options.BundlePath}");
        try
        {
            CheckCgroup(Cgroup.At(cgroup));
            using var gate = makeGate?.Invoke();
            process = ContainerLauncher.Launch(RequestOf(id, spec, options, gate, settings.IsRootless && !hasPath));
            var state = StateOf(id, spec, options, process.Pid);
            options.HandOver(process);
            state.Save(settings);
            options.WritePid(process.Pid);
            settings.Log.Debug($"container {id} is process {process.Pid}");
            return new NewContainer(state, process);
        }
        catch
        {
            if (process is not null) Undo(process, Cgroup.At(cgroup));
            if (SharesMounts(spec) && HostMount.At(RootOf(spec, options)) is var mount && mount != mountBefore) HostMount.Detach(RootOf(spec, options), mount);
            ContainerState.Forget(settings, id);
            throw;
        }
    }

    private static LaunchRequest RequestOf(string id, RuntimeSpec spec, LaunchOptions options, SafeFileHandle? gate, bool rootless) => new()
    {
        Id = id,
        Spec = spec,
        StdinFd = 0,
        StdoutFd = 1,
        StderrFd = 2,
        Bundle = options.BundlePath,
        StartGateFd = gate is null ? -1 : (int)gate.DangerousGetHandle(),
        PreservedFds = options.PreservedFds,
        NewKeyring = !options.KeepsKeyring,
        NoPivot = options.NoPivot,
        IsRootless = rootless,
        Deadline = Timeout.InfiniteTimeSpan,
    };

    internal static ContainerState StateOf(string id, RuntimeSpec spec, LaunchOptions options, int pid) => new()
    {
        Id = id,
        Pid = pid,
        StartTime = ProcessTimes.StartTime(pid) ?? 0,
        Bundle = options.BundlePath,
        Rootfs = RootOf(spec, options),
        CgroupPath = spec.Linux!.CgroupsPath!,
        Created = Timestamp.Of(Clock.NanosecondsNow).ToString(),
        HasHooks = spec.Hooks is { StartContainer.Count: > 0 } or { Poststart.Count: > 0 } or { Poststop.Count: > 0 },
        SharesPids = spec.Linux.Namespaces?.Exists(n => n is { Type: "pid", Path: null or "" }) != true,
        RootMount = SharesMounts(spec) ? HostMount.At(RootOf(spec, options)) : 0,
        Annotations = spec.Annotations,
    };

    private static string RootOf(RuntimeSpec spec, LaunchOptions options) => spec.Root is { Path: { } root } ? Path.GetFullPath(root, options.BundlePath) : "";

    private static bool SharesMounts(RuntimeSpec spec) => spec.Linux?.Namespaces?.Exists(n => n.Type == "mount") != true;

    // runc's words. Limits and signals would be another container's too.
    private static void CheckCgroup(Cgroup cgroup)
    {
        if (cgroup.AllProcesses() is { Count: > 0 and var count }) throw new UsageException($"container's cgroup is not empty: {count} process(es) found in {cgroup.Path}");
        if (cgroup.IsFrozen) throw new UsageException($"container's cgroup unexpectedly frozen: {cgroup.Path}");
    }

    internal static void Undo(LaunchedProcess process, Cgroup cgroup)
    {
        ProcessDescriptor.Signal(process.PidFd, 9);
        ProcessDescriptor.Wait(process.PidFd);
        process.Dispose();
        cgroup.TryRemove();
    }

    private static void CheckTerminal(RuntimeSpec spec, LaunchOptions options, bool waits)
    {
        if (spec.Process?.Terminal == true && options.ConsoleSocket is null && (options.Detach || !waits))
            throw new UsageException("process.terminal is true and nobody stays to serve the terminal, so --console-socket must name a socket that takes it");
        if (spec.Process?.Terminal == false && options.ConsoleSocket is not null)
            throw new UsageException("--console-socket is given but process.terminal is false");
    }

    public void Dispose() => Process.Dispose();
}
