using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Oci;

namespace Yun.Runtime.Commands;

/// <summary>A container just made from a bundle, by run or by create.</summary>
internal sealed class NewContainer : IDisposable
{
    private NewContainer(ContainerState state, LaunchedProcess process) => (State, Process) = (state, process);

    public ContainerState State { get; }
    public LaunchedProcess Process { get; }

    public static NewContainer Start(string id, LaunchOptions options, RuntimeSettings settings, int startGate)
    {
        var spec = Bundle.Read(options.BundlePath);
        spec.Linux ??= new SpecLinux();
        spec.Linux.CgroupsPath = spec.Linux.CgroupsPath is { Length: > 0 } path ? "/" + path.TrimStart('/') : $"/{id}";
        CheckTerminal(spec, options);
        if (startGate < 0) ContainerState.Reserve(settings, id);
        LaunchedProcess? process = null;
        try
        {
            process = ContainerLauncher.Launch(new LaunchRequest
            {
                Id = id,
                Spec = spec,
                StdinFd = 0,
                StdoutFd = 1,
                StderrFd = 2,
                Bundle = options.BundlePath,
                StartGateFd = startGate,
                PreservedFds = options.PreservedFds,
                Deadline = Timeout.InfiniteTimeSpan,
            });
            var state = new ContainerState
            {
                Id = id,
                Pid = process.Pid,
                StartTime = ProcessTimes.StartTime(process.Pid) ?? 0,
                Bundle = options.BundlePath,
                CgroupPath = spec.Linux.CgroupsPath,
                Created = DateTimeOffset.UtcNow,
                Annotations = spec.Annotations,
            };
            if (process.Terminal is { } terminal) ConsoleSocket.Send(options.ConsoleSocket!, terminal);
            state.Save(settings);
            if (options.PidFile is not null) File.WriteAllText(options.PidFile, process.Pid.ToString());
            return new NewContainer(state, process);
        }
        catch
        {
            if (process is not null)
            {
                ProcessDescriptor.Signal(process.PidFd, 9);
                ProcessDescriptor.Wait(process.PidFd);
                process.Dispose();
                Cgroup.At(spec.Linux.CgroupsPath).TryRemove();
            }
            ContainerState.Forget(settings, id);
            throw;
        }
    }

    private static void CheckTerminal(RuntimeSpec spec, LaunchOptions options)
    {
        if (spec.Process?.Terminal == true && options.ConsoleSocket is null)
            throw new UsageException("process.terminal is true, so --console-socket must name a socket that takes the terminal; or set process.terminal to false");
        if (spec.Process?.Terminal == false && options.ConsoleSocket is not null)
            throw new UsageException("--console-socket is given but process.terminal is false");
    }

    public void Dispose() => Process.Dispose();
}
