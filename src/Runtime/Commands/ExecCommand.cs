using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Compile;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary><c>exec ID COMMAND…</c> or <c>exec --process FILE ID</c>.</summary>
internal static class ExecCommand
{
    public static int Run(CommandLine line, RuntimeSettings settings)
    {
        var options = new LaunchOptions();
        var wanted = new ExecOptions();
        line.Options((name, value) => wanted.Take(name, value) || options.Take(name, value));
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        var arguments = line.Rest();
        var status = state.Status(settings);
        if (status == "stopped") throw new UsageException($"cannot exec in a stopped container: {state.Id}");
        if (status == "paused" && !wanted.IgnoresPause) throw new UsageException($"cannot exec in a paused container: {state.Id}; use --ignore-paused to wait until it is resumed");
        var spec = Bundle.Read(state.Bundle);
        spec.Process = wanted.ProcessFile is { } file ? ReadProcess(file) : wanted.Apply(spec.Process ?? new SpecProcess(), arguments);
        (spec.Linux ??= new SpecLinux()).CgroupsPath = state.CgroupPath;
        ProcessDefaults.Complete(spec.Process, $"/proc/{state.Pid}/root", settings.Log);
        if (spec.Process.Terminal && options.Detach && options.ConsoleSocket is null)
            throw new UsageException("process.terminal is true and nobody stays to serve the terminal, so --console-socket must name a socket that takes it");
        settings.Log.Debug($"joining container {state.Id} of process {state.Pid}");
        using var process = ContainerLauncher.Launch(new LaunchRequest
        {
            Id = state.Id,
            Spec = spec,
            StdinFd = 0,
            StdoutFd = 1,
            StderrFd = 2,
            JoinPid = state.Pid,
            Bundle = state.Bundle,
            IsRootless = settings.IsRootless,
            PreservedFds = options.PreservedFds,
            NewKeyring = !options.KeepsKeyring,
            CgroupFiles = CgroupChoice.Files(state, wanted.Cgroups),
            Deadline = Timeout.InfiniteTimeSpan,
        });
        options.HandOver(process);
        options.WritePid(process.Pid);
        return options.Detach ? 0 : Foreground.Wait(process, options.ConsoleSocket is null);
    }

    private static SpecProcess ReadProcess(string path)
    {
        var json = new JsonCursor(KernelFile.TryReadBytes(path) ?? throw new UsageException($"--process is '{path}', which does not exist"));
        return SpecReader.Process(ref json) ?? throw new SpecException(path, "is null");
    }
}
