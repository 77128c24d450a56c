using Yun.Linux;
using Yun.Linux.Cgroups;
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
        if (spec.Process.Terminal && options.Detach && options.ConsoleSocket is null)
            throw new UsageException("process.terminal is true and nobody stays to serve the terminal, so --console-socket must name a socket that takes it");
        using var process = ContainerLauncher.Launch(new LaunchRequest
        {
            Id = state.Id,
            Spec = spec,
            StdinFd = 0,
            StdoutFd = 1,
            StderrFd = 2,
            JoinPid = state.Pid,
            Bundle = state.Bundle,
            PreservedFds = options.PreservedFds,
            NewKeyring = !options.KeepsKeyring,
            CgroupPath = wanted.Cgroup is { } below ? CgroupBelow(state, below) : null,
            Deadline = Timeout.InfiniteTimeSpan,
        });
        if (process.Terminal is { } terminal && options.ConsoleSocket is not null) ConsoleSocket.Send(options.ConsoleSocket, terminal);
        options.WritePid(process.Pid);
        return options.Detach ? 0 : Foreground.Wait(process, options.ConsoleSocket is null);
    }

    private static string CgroupBelow(ContainerState state, string path)
    {
        var whole = state.CgroupPath.TrimEnd('/') + "/" + path.Trim('/');
        return Cgroup.At(whole.TrimEnd('/')).Exists ? whole.TrimEnd('/') : throw new UsageException($"--cgroup is '{path}', but container {state.Id} has no such cgroup");
    }

    private static SpecProcess ReadProcess(string path)
    {
        var json = new JsonCursor(KernelFile.TryReadBytes(path) ?? throw new UsageException($"--process is '{path}', which does not exist"));
        return SpecReader.Process(ref json) ?? throw new SpecException(path, "is null");
    }
}
