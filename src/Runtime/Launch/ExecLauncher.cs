using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime;

/// <summary>Starts one more process in a running container.</summary>
internal static unsafe class ExecLauncher
{
    public static LaunchedProcess Launch(LaunchRequest request, int containerPid)
    {
        using var container = OpenContainer(request, containerPid);
        using var terminal = request.Spec.Process?.Terminal == true ? new TerminalSocket() : null;
        using var pipes = new LaunchPipes(new Pipe(), null);
        var pipe = pipes.Report;
        using var listener = SeccompListener.For(request);
        var input = ContainerLauncher.InputOf(request, cgroup: null, terminal, pipes, listener);
        using var program = ExecProgram.Compile(request.Spec, input, HostView.Instance, (int)container.DangerousGetHandle(), OthersOf(containerPid),
            request.CgroupPath is { } cgroup ? Cgroup.At(cgroup).ProcessFiles() : ProcessCgroups(containerPid), (int)pipe.Write.DangerousGetHandle());
        var pidFd = program.Program.Arena.Place(-1L);
        using var deadline = LaunchDeadline.Watch(pidFd, request.Deadline);
        ContainerLauncher.Clone(program.Program, CloneFlags.None, pidFd);
        using var first = new SafeFileHandle((nint)(int)*pidFd, ownsHandle: true);
        pipe.Write.Dispose();
        var report = LaunchReport.Read(pipe.Read, pid => listener?.Forward(pid, "running"));
        ProcessDescriptor.Wait(first);
        var process = report.Pid is { } pid ? OpenChild(pid) : null;
        if (report.Failure is null && process is not null && deadline?.HasPassed != true) return new LaunchedProcess(report.Pid!.Value, process, terminal?.Receive());
        if (process is not null)
        {
            ProcessDescriptor.Signal(process, 9);
            ProcessDescriptor.Wait(process);
            process.Dispose();
        }
        throw report.Failure is { } failure ? LaunchFailure.Of(request.Spec, program.Program, failure.Index, failure.Result)
            : new LaunchException("exec", Errno.ETIMEDOUT, $"the process in container {request.Id} did not start");
    }

    // Our child by CLONE_PARENT, and not yet waited for, so the pid is still its own. Whoever may trace processes in the container could have
    // written another number, which is then no child of ours.
    private static SafeFileHandle OpenChild(int pid)
    {
        var process = ProcessDescriptor.Open(pid);
        try
        {
            ProcessDescriptor.Poll(process, reap: false);
            return process;
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenContainer(LaunchRequest request, int pid)
    {
        try { return ProcessDescriptor.Open(pid); }
        catch (SyscallException error) { throw new LaunchException("exec", error.Errno, $"container {request.Id} is not running"); }
    }

    // setns(2) refuses a user namespace that one is in already.
    private static CloneFlags OthersOf(int pid) =>
        (NamespaceSteps.Differs(pid, "cgroup") ? CloneFlags.NewCgroup : 0) | (NamespaceSteps.Differs(pid, "user") ? CloneFlags.NewUser : 0) | (NamespaceSteps.Differs(pid, "time") ? CloneFlags.NewTime : 0);

    // proc_pid_cgroup(5): a line for each hierarchy, ID:CONTROLLERS:PATH.
    private static List<string> ProcessCgroups(int pid)
    {
        var paths = new List<string>();
        foreach (var line in KernelFile.Read($"/proc/{pid}/cgroup").Split('\n'))
        {
            if (line.Split(':', 3) is not [var number, var controllers, var path]) continue;
            foreach (var hierarchy in CgroupLayout.Machine.Hierarchies)
                if (hierarchy.IsUnified ? number == "0" : controllers == string.Join(',', hierarchy.Controllers)) paths.Add(hierarchy.MountPoint + path.TrimEnd('/') + "/cgroup.procs");
        }
        return paths;
    }
}
