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
        string? processFile = null, cwd = null;
        var environment = new List<string>();
        line.Options((name, value) =>
        {
            switch (name)
            {
                case "--process" or "-p": processFile = value(); return true;
                case "--cwd": cwd = value(); return true;
                case "--env" or "-e": environment.Add(value()); return true;
                default: return options.Take(name, value);
            }
        });
        var state = ContainerState.Load(settings, line.Required("the container's id"));
        var arguments = line.Rest();
        if (state.Status(settings) is var status && status != "running") throw new UsageException($"container {state.Id} is {status}; it must be running");
        var spec = Bundle.Read(state.Bundle);
        if (processFile is not null) spec.Process = ReadProcess(processFile);
        else if (arguments.Count == 0) throw new UsageException("the command to run is missing");
        else
        {
            spec.Process!.Args = arguments;
            spec.Process.Terminal = false;
            spec.Process.Env = [.. spec.Process.Env ?? [], .. environment];
            spec.Process.Cwd = cwd ?? spec.Process.Cwd;
        }
        if (spec.Process!.Terminal && options.ConsoleSocket is null) throw new UsageException("process.terminal is true, so --console-socket must name a socket that takes the terminal");
        using var process = ContainerLauncher.Launch(new LaunchRequest
        {
            Id = state.Id, Spec = spec, StdinFd = 0, StdoutFd = 1, StderrFd = 2, JoinPid = state.Pid, PreservedFds = options.PreservedFds, Deadline = Timeout.InfiniteTimeSpan,
        });
        if (process.Terminal is { } terminal) ConsoleSocket.Send(options.ConsoleSocket!, terminal);
        if (options.PidFile is not null) File.WriteAllText(options.PidFile, process.Pid.ToString());
        return options.Detach ? 0 : ProcessDescriptor.Wait(process.PidFd).Code;
    }

    private static SpecProcess ReadProcess(string path)
    {
        var json = new JsonCursor(File.ReadAllBytes(path));
        return SpecReader.Process(ref json) ?? throw new SpecException(path, "is null");
    }
}
