using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;
using Yun.Runtime.Cgroups;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime;

/// <summary>Starts containers' processes: compiles the spec, clones, and tells what went wrong in words. Blocks its thread until the program runs.</summary>
public static unsafe class ContainerLauncher
{
    /// <summary>Starts a container's first process, or with <see cref="LaunchRequest.JoinPid"/> one more in a running container.</summary>
    /// <exception cref="LaunchException">The start failed; nothing of it is left.</exception>
    /// <exception cref="SpecException">The spec is wrong.</exception>
    public static LaunchedProcess Launch(LaunchRequest request) => request.JoinPid is { } pid ? ExecLauncher.Launch(request, pid) : LaunchContainer(request);

    private static LaunchedProcess LaunchContainer(LaunchRequest request)
    {
        var cgroup = request.Spec.Linux?.CgroupsPath is { Length: > 0 } path ? Cgroup.At(path) : null;
        try
        {
            if (cgroup is not null && !TryMake(cgroup, request)) cgroup = null;
            using var terminal = request.Spec.Process?.Terminal == true ? new TerminalSocket() : null;
            using var pipes = LaunchPipes.For(request);
            using var listener = SeccompListener.For(request);
            using var program = ContainerProgram.Compile(request.Spec, InputOf(request, cgroup, terminal, pipes, listener), HostView.Instance);
            if (pipes is null) return Shared(request, program, terminal);
            using var launch = new CopiedLaunch(request, program, terminal, pipes, listener);
            return launch.Run();
        }
        catch
        {
            cgroup?.TryRemove();
            throw;
        }
    }

    private static bool TryMake(Cgroup cgroup, LaunchRequest request)
    {
        var resources = request.Spec.Linux?.Resources;
        try
        {
            cgroup.Create();
            CgroupSettings.Apply(cgroup, resources, CgroupLayout.Machine);
            return true;
        }
        catch (SyscallException error) when (error.Errno is Errno.EACCES or Errno.EPERM or Errno.EROFS)
        {
            if (request.IsRootless && !CgroupSettings.HasLimits(resources))
            {
                cgroup.TryRemove();
                return false;
            }
            throw new SyscallException(request.IsRootless ? "rootless needs no limits + no cgrouppath when no permission is granted for cgroups: mkdir" : "unable to apply cgroup configuration: mkdir", error.Errno, error.Target);
        }
    }

    // The child borrows our memory and this thread sleeps until it has become the container's program, or failed.
    private static LaunchedProcess Shared(LaunchRequest request, ContainerProgram program, TerminalSocket? terminal)
    {
        var pidFd = program.Program.Arena.Place(-1L);
        using var deadline = LaunchDeadline.Watch(pidFd, request.Deadline);
        var pid = Clone(program.Program, program.CloneFlags | CloneFlags.Vm | CloneFlags.VFork, pidFd, program.Cgroup);
        var process = new SafeFileHandle((nint)(int)*pidFd, ownsHandle: true);
        var report = program.Program.Report;
        if (report->Result != 0)
        {
            ProcessDescriptor.Wait(process);
            process.Dispose();
            throw LaunchFailure.Of(request.Spec, program.Program, (int)report->Index, report->Result);
        }
        if (deadline?.HasPassed == true)
        {
            ProcessDescriptor.Wait(process);
            process.Dispose();
            throw Late(request);
        }
        return new LaunchedProcess(pid, process, terminal?.Receive());
    }

    internal static LaunchException Late(LaunchRequest request) => new("start", Errno.ETIMEDOUT, $"container {request.Id} did not start within {(int)request.Deadline.TotalSeconds} seconds");

    /// <summary>Clones with all signals blocked, so that nothing of ours is delivered to the child before it has let go of our handlers.</summary>
    internal static int Clone(SyscallProgram program, CloneFlags flags, long* pidFd, int? cgroup = null)
    {
        const int childSignal = 17;
        var arguments = program.Arena.Place(new CloneArguments
        {
            Flags = (ulong)(flags | CloneFlags.PidFd | CloneFlags.ClearSignalHandlers),
            PidFd = (ulong)pidFd,
            ExitSignal = childSignal,
            Cgroup = (ulong)(cgroup ?? 0),
        });
        var mask = Signals.SetMask(ulong.MaxValue);
        var pid = WalkerCode.Call(program.Arena.Code, program.Steps, arguments, program.Report);
        Signals.SetMask(mask);
        return pid >= 0 ? (int)pid : throw new LaunchException("clone3", (Errno)(-pid), $"unable to start container process: clone3: {((Errno)(-pid)).Describe()}");
    }

    internal static LaunchInput InputOf(LaunchRequest request, Cgroup? cgroup, TerminalSocket? terminal, LaunchPipes? pipes, SeccompListener? listener) => new()
    {
        Id = request.Id,
        Stdin = request.StdinFd,
        Stdout = request.StdoutFd,
        Stderr = request.StderrFd,
        MountDescriptors = request.MountFds,
        NetworkNamespace = request.NetworkNamespaceFd,
        TerminalSocket = Number(terminal?.Child),
        ListenerSocket = Number(listener?.Child),
        StartGate = request.StartGateFd,
        ReportPipe = Number(pipes?.Report.Write),
        GoRead = Number(pipes?.Go?.Read),
        GoWrite = Number(pipes?.Go?.Write),
        PreservedDescriptors = request.PreservedFds,
        Bundle = request.Bundle,
        Cgroup = cgroup,
        NewSessionKeyring = request.NewKeyring,
        NoPivot = request.NoPivot,
    };

    private static int Number(SafeFileHandle? handle) => handle is null ? -1 : (int)handle.DangerousGetHandle();
}
