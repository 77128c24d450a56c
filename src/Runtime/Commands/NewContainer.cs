using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;

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
        var cgroup = spec.Linux.CgroupsPath = spec.Linux.CgroupsPath is { Length: > 0 } path ? "/" + path.Trim('/') : $"/{id}";
        CheckTerminal(spec, options, waits: makeGate is null);
        if (options.ActivatedFds > 0 && spec.Process is { } activated) activated.Env = [.. activated.Env ?? [], $"LISTEN_FDS={options.ActivatedFds}", "LISTEN_PID=1"];
        ContainerState.Reserve(settings, id, cgroup);
        LaunchedProcess? process = null;
        try
        {
            using var gate = makeGate?.Invoke();
            process = ContainerLauncher.Launch(RequestOf(id, spec, options, gate));
            var state = StateOf(id, spec, options, process.Pid);
            if (process.Terminal is { } terminal && options.ConsoleSocket is not null) ConsoleSocket.Send(options.ConsoleSocket, terminal);
            state.Save(settings);
            options.WritePid(process.Pid);
            return new NewContainer(state, process);
        }
        catch
        {
            if (process is not null) Undo(process, Cgroup.At(cgroup));
            ContainerState.Forget(settings, id);
            throw;
        }
    }

    private static LaunchRequest RequestOf(string id, RuntimeSpec spec, LaunchOptions options, SafeFileHandle? gate) => new()
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
        Deadline = Timeout.InfiniteTimeSpan,
    };

    internal static ContainerState StateOf(string id, RuntimeSpec spec, LaunchOptions options, int pid) => new()
    {
        Id = id,
        Pid = pid,
        StartTime = ProcessTimes.StartTime(pid) ?? 0,
        Bundle = options.BundlePath,
        Rootfs = spec.Root is { Path: { } root } ? Path.GetFullPath(root, options.BundlePath) : "",
        CgroupPath = spec.Linux!.CgroupsPath!,
        Created = Timestamp.Of(Clock.NanosecondsNow).ToString(),
        HasHooks = spec.Hooks is { StartContainer.Count: > 0 } or { Poststart.Count: > 0 } or { Poststop.Count: > 0 },
        Annotations = spec.Annotations,
    };

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
