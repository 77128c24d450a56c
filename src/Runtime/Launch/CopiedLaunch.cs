using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime;

/// <summary>The start of a child that has a copy of our memory and stops on its way for what only the parent can do: id maps, hooks.</summary>
internal sealed unsafe class CopiedLaunch(LaunchRequest request, ContainerProgram program, TerminalSocket? terminal, LaunchPipes pipes, SeccompListener? listener) : IDisposable
{
    private readonly long* _pidFd = program.Program.Arena.Place(-1L);
    private SafeFileHandle? _process;
    private int _pid;

    public LaunchedProcess Run()
    {
        program.Program.Report->Descriptor = (int)pipes.Report.Write.DangerousGetHandle();
        using var deadline = LaunchDeadline.Watch(_pidFd, request.Deadline);
        using (program.PidNamespacePath is { } path ? PidNamespace.Enter(path) : null) _pid = ContainerLauncher.Clone(program.Program, program.CloneFlags, _pidFd, program.Cgroup);
        _process = new SafeFileHandle((nint)(int)*_pidFd, ownsHandle: true);
        pipes.Report.Write.Dispose();
        pipes.Go?.Read.Dispose();
        try
        {
            var report = LaunchReport.Read(pipes.Report.Read, TakeOver, Reached, listener is null ? null : ForwardListener);
            if (report.Failure is { } failure) throw LaunchFailure.Of(request.Spec, program.Program, failure.Index, failure.Result);
            if (deadline?.HasPassed == true) throw ContainerLauncher.Late(request);
            if (!report.IsReady) HookRunner.Run(request.Spec.Hooks?.Poststart, "poststart", State("running"), request.Bundle, null);
            var launched = new LaunchedProcess(_pid, _process, terminal?.Receive());
            _process = null;
            return launched;
        }
        catch
        {
            ProcessDescriptor.Signal(_process!, 9);
            ProcessDescriptor.Wait(_process!);
            throw;
        }
    }

    // The child may be waiting for the listener's answer to one of its own last calls, so the agent has it before the next report is waited for.
    private void ForwardListener()
    {
        Span<PollEntry> entries = [new((int)pipes.Report.Read.DangerousGetHandle(), PollEvents.Readable), new((int)listener!.Parent.DangerousGetHandle(), PollEvents.Readable)];
        while (true)
        {
            Poll.Wait(entries, -1);
            if ((entries[1].Happened & PollEvents.Readable) != 0)
            {
                listener.Forward(_pid, "creating");
                entries[1] = new PollEntry(-1, PollEvents.None);
            }
            if (entries[0].Happened != 0) return;
        }
    }

    // The first child has made the container's process, which is our child too and waits for its maps.
    private void TakeOver(int pid)
    {
        var made = ProcessDescriptor.Open(pid);
        ProcessDescriptor.Wait(_process!);
        _process!.Dispose();
        (_process, _pid) = (made, pid);
        *_pidFd = made.DangerousGetHandle();
        var linux = request.Spec.Linux!;
        if (program.MapsUsers)
        {
            MapWriter.Write(pid, isGroups: false, linux.UidMappings!);
            MapWriter.Write(pid, isGroups: true, linux.GidMappings!);
        }
        Pipe.WriteAll(pipes.Go!.Write, [1]);
    }

    private void Reached(LaunchStage stage)
    {
        var hooks = request.Spec.Hooks!;
        switch (stage)
        {
            case LaunchStage.NetworkDevices: NetworkDevices.Move(request.Spec, _pid); break;
            case LaunchStage.CreateRuntime:
                HookRunner.Run(hooks.Prestart, "prestart", State("creating"), request.Bundle, null);
                HookRunner.Run(hooks.CreateRuntime, "createRuntime", State("creating"), request.Bundle, null);
                break;
            case LaunchStage.CreateContainer: HookRunner.Run(hooks.CreateContainer, "createContainer", State("creating"), Path.GetFullPath(request.Spec.Root?.Path ?? "", request.Bundle), _pid); break;
            default: HookRunner.Run(hooks.StartContainer, "startContainer", State("created"), "/", _pid, request.Spec); break;
        }
        Pipe.WriteAll(pipes.Go!.Write, [1]);
    }

    private byte[] State(string status) => StateDocument.Make(request.Id, status, _pid, request.Bundle, request.Spec.Annotations);

    public void Dispose() => _process?.Dispose();
}

/// <summary>The pipes between the parent and a child with its own memory: what the child tells, and, when it must wait for us on its way, the bytes that let it go on.</summary>
internal sealed class LaunchPipes(Pipe report, Pipe? go) : IDisposable
{
    public Pipe Report { get; } = report;
    public Pipe? Go { get; } = go;

    /// <summary>Null when the child can share our memory, and needs none.</summary>
    public static LaunchPipes? For(LaunchRequest request)
    {
        var (newPid, user, time) = (false, false, false);
        foreach (var space in request.Spec.Linux?.Namespaces ?? [])
        {
            newPid |= space.Type == "pid" && string.IsNullOrEmpty(space.Path);
            user |= space.Type == "user";
            time |= space.Type == "time";
        }
        var stops = user || HasHooks(request.Spec.Hooks) || NetworkDevices.Any(request.Spec);
        var notifies = SeccompFilter.Notifies(request.Spec.Linux?.Seccomp);
        return stops || time || notifies || !newPid || request.StartGateFd >= 0 ? new LaunchPipes(new Pipe(), stops ? new Pipe() : null) : null;
    }

    private static bool HasHooks(SpecHooks? hooks) =>
        hooks is { Prestart.Count: > 0 } or { CreateRuntime.Count: > 0 } or { CreateContainer.Count: > 0 } or { StartContainer.Count: > 0 } or { Poststart.Count: > 0 };

    public void Dispose()
    {
        Report.Dispose();
        Go?.Dispose();
    }
}
