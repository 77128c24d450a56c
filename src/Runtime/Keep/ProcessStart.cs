using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;
using Yun.Runtime.Compile;
using Yun.Runtime.Keep.Logs;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Keep;

/// <summary>What a start needs and what comes of it. <see cref="Launch"/> blocks; the rest does not.</summary>
internal sealed class ProcessStart(KeeperStart request, byte[] spec, List<SafeFileHandle> descriptors, int? joinPid, KeepContext context) : IDisposable
{
    // Below the daemon's own patience, so that its answer is this one.
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(50);

    public KeeperStart Request { get; } = request;

    public KeeperError? Error { get; private set; }
    public ContainerLog? Log { get; private set; }
    public LaunchedProcess? Process { get; private set; }
    public DateTime StartedAt { get; private set; }
    public string? CgroupPath { get; private set; }

    /// <summary>The keeper's ends; null with a terminal, whose one descriptor serves for all, and standard input where it is not open.</summary>
    public SafeFileHandle? Stdin { get; private set; }
    public SafeFileHandle? Stdout { get; private set; }
    public SafeFileHandle? Stderr { get; private set; }

    /// <summary>What is kept of a start that succeeded. The descriptors become the state's.</summary>
    public ProcessState Kept()
    {
        var state = new ProcessState { Start = Request, Pid = Process!.Pid, StartedAt = StartedAt, CgroupPath = CgroupPath, PidFd = Process.PidFd };
        if (Process.Terminal is { } terminal)
        {
            state.Terminal = terminal;
            // A program that closes and opens its terminal again would otherwise hang it up for us in between.
            state.TerminalSlave = Terminals.OpenSlave(terminal);
            if (Request.OpenStdin) state.Stdin = Descriptors.Duplicate(terminal);
            state.Outputs.Add(new OutputState { Kind = OutputKind.Terminal, Handle = terminal });
            return state;
        }
        state.Stdin = Stdin;
        state.Outputs.Add(new OutputState { Kind = OutputKind.Stdout, Handle = Stdout });
        state.Outputs.Add(new OutputState { Kind = OutputKind.Stderr, Handle = Stderr });
        return state;
    }

    public void Launch()
    {
        try
        {
            var parsed = SpecReader.Read(spec);
            CgroupPath = parsed.Linux?.CgroupsPath;
            if (Request.Log is not null) Log = new ContainerLog(Request.Log, context.Records);
            if (parsed.Process?.Terminal == true) LaunchWith(parsed, null, null, null);
            else LaunchWithPipes(parsed);
        }
        catch (LaunchException error)
        {
            Fail(error.IsProgramFault ? ErrorKind.InvalidArgument : ErrorKind.Internal, error, error.Step, error.Errno);
        }
        catch (Exception error) when (error is SpecException or ArgumentException)
        {
            Fail(ErrorKind.InvalidArgument, error);
        }
        catch (SyscallException error)
        {
            Fail(ErrorKind.Internal, error, error.Call, error.Errno);
        }
        catch (Exception error)
        {
            Journal.Write($"start of {Request.ProcessId}: {error}");
            Fail(ErrorKind.Internal, error);
        }
        finally
        {
            foreach (var descriptor in descriptors) descriptor.Dispose();
        }
    }

    /// <summary>Closes what a failed start has left.</summary>
    public void Dispose()
    {
        Stdin?.Dispose();
        Stdout?.Dispose();
        Stderr?.Dispose();
        Process?.Dispose();
        Log?.Close(() => { });
    }

    private void LaunchWithPipes(RuntimeSpec parsed)
    {
        using var input = Request.OpenStdin ? new Pipe() : null;
        using var output = new Pipe();
        using var errors = new Pipe();
        LaunchWith(parsed, input?.Read, output.Write, errors.Write);
        Stdin = input is null ? null : Descriptors.Duplicate(input.Write);
        Stdout = Descriptors.Duplicate(output.Read);
        Stderr = Descriptors.Duplicate(errors.Read);
    }

    private void LaunchWith(RuntimeSpec parsed, SafeFileHandle? input, SafeFileHandle? output, SafeFileHandle? errors)
    {
        var mounts = new Dictionary<string, int>();
        for (var i = 0; i < Request.MountDestinations.Count; i++)
            mounts[Request.MountDestinations[i]] = (int)descriptors[i].DangerousGetHandle();
        if (Request.UserNamespace) JoinUserNamespace(parsed, descriptors[Request.MountDestinations.Count]);
        Process = ContainerLauncher.Launch(new LaunchRequest
        {
            Id = Request.ContainerId,
            Spec = parsed,
            StdinFd = Number(input),
            StdoutFd = Number(output),
            StderrFd = Number(errors),
            MountFds = mounts,
            NetworkNamespaceFd = Request.NetworkNamespace ? Number(descriptors[^1]) : -1,
            JoinPid = joinPid,
            Deadline = s_deadline,
        });
        StartedAt = DateTime.UtcNow;
    }

    // The spec names namespaces by path, and procfs has one for every descriptor.
    private static void JoinUserNamespace(RuntimeSpec parsed, SafeFileHandle space)
    {
        if (parsed.Linux?.Namespaces?.Find(n => n.Type == "user") is { } user) user.Path = $"/proc/self/fd/{Number(space)}";
    }

    private static int Number(SafeFileHandle? handle) => handle is null ? -1 : (int)handle.DangerousGetHandle();

    private void Fail(ErrorKind kind, Exception error, string? step = null, Errno errno = Errno.None) =>
        Error = new KeeperError { Kind = kind, Message = error.Message, Step = step, Errno = (int)errno };
}
