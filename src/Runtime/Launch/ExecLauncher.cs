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
        using var root = NamespaceSteps.Differs(containerPid, "mnt") ? null : PathDescriptor.Open(null, $"/proc/{containerPid}/root", OpenFlags.Path | OpenFlags.Directory);
        var input = ContainerLauncher.InputOf(request, cgroup: null, terminal, pipes, listener) with { Root = root is null ? -1 : (int)root.DangerousGetHandle() };
        var cgroups = Cgroups(request, containerPid);
        using var program = ExecProgram.Compile(request.Spec, input, HostView.Instance, (int)container.DangerousGetHandle(), KindsOf(containerPid), cgroups.Joined, (int)pipe.Write.DangerousGetHandle());
        var pidFd = program.Program.Arena.Place(-1L);
        using var deadline = LaunchDeadline.Watch(pidFd, request.Deadline);
        Clone(program.Program, pidFd, cgroups.Born);
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

    // setns(2) refuses a user namespace that one is in already, and whoever comes from another has no rights in those that the container shares with us.
    private static CloneFlags KindsOf(int pid)
    {
        var others = (NamespaceSteps.Differs(pid, "cgroup") ? CloneFlags.NewCgroup : 0) | (NamespaceSteps.Differs(pid, "time") ? CloneFlags.NewTime : 0);
        if (!NamespaceSteps.Differs(pid, "user")) return ExecProgram.Usual | others;
        others |= CloneFlags.NewUser;
        foreach (var (kind, flag) in (ReadOnlySpan<(string, CloneFlags)>)[("mnt", CloneFlags.NewMount), ("ipc", CloneFlags.NewIpc), ("uts", CloneFlags.NewUts), ("net", CloneFlags.NewNetwork), ("pid", CloneFlags.NewPid)])
            if (NamespaceSteps.Differs(pid, kind)) others |= flag;
        return others;
    }

    private static void Clone(SyscallProgram program, long* pidFd, List<string> born)
    {
        for (var i = 0; i < born.Count; i++)
        {
            using var cgroup = PathDescriptor.Open(null, born[i], OpenFlags.Path | OpenFlags.Directory);
            try
            {
                ContainerLauncher.Clone(program, CloneFlags.IntoCgroup, pidFd, (int)cgroup.DangerousGetHandle());
                return;
            }
            catch (LaunchException error) when (error.Errno is Errno.EBUSY or Errno.EOPNOTSUPP && i + 1 < born.Count) { }
        }
        ContainerLauncher.Clone(program, CloneFlags.None, pidFd);
    }

    // The files by which a process joins its cgroups, each with the one to take where the kernel lets no process in by the first; and the folder in v2
    // for the process to be made in, which unlike moving there waits for nobody, with the one to take instead.
    // It is the container's own cgroup. Where that cannot be joined, since in v2 a cgroup with controllers for those below has no processes itself, or
    // is not known, it is the one that the first process is in.
    private static (List<(string File, string? Else)> Joined, List<string> Born) Cgroups(LaunchRequest request, int pid)
    {
        var (cgroups, born) = (new List<(string, string?)>(), new List<string>());
        foreach (var file in request.CgroupFiles ?? []) cgroups.Add((file, null));
        if (cgroups.Count > 0) return (cgroups, born);
        var movesFirst = request.Spec.Process?.ExecCpuAffinity?.Initial is { Length: > 0 };
        var own = request.Spec.Linux?.CgroupsPath is { Length: > 0 } path ? Cgroup.At(path) : null;
        foreach (var (hierarchy, where) in ProcessCgroups(pid))
        {
            var folder = own is not null && Files.Exists(own.DirectoryIn(hierarchy)) ? own.DirectoryIn(hierarchy) : where;
            var file = $"{folder}/{hierarchy.JoinFile}";
            // Whoever may not move processes leaves the new one where it is itself.
            if (request.IsRootless && !IsWritable(file)) continue;
            if (hierarchy.IsUnified && !movesFirst) born.AddRange(folder == where ? [where] : [folder, where]);
            else cgroups.Add((file, hierarchy.IsUnified && folder != where ? $"{where}/{hierarchy.JoinFile}" : null));
        }
        return (cgroups, born);
    }

    private static bool IsWritable(string path)
    {
        if (PathDescriptor.TryOpen(null, path, OpenFlags.WriteOnly, out var file) != Errno.None) return false;
        file!.Dispose();
        return true;
    }

    // proc_pid_cgroup(5): a line for each hierarchy, ID:CONTROLLERS:PATH.
    private static IEnumerable<(CgroupHierarchy Hierarchy, string Folder)> ProcessCgroups(int pid)
    {
        foreach (var line in KernelFile.Read($"/proc/{pid}/cgroup").Split('\n'))
        {
            if (line.Split(':', 3) is not [var number, var controllers, var path]) continue;
            foreach (var hierarchy in CgroupLayout.Machine.Hierarchies)
                if (hierarchy.IsUnified ? number == "0" : controllers == string.Join(',', hierarchy.Controllers)) yield return (hierarchy, hierarchy.MountPoint + path.TrimEnd('/'));
        }
    }
}
