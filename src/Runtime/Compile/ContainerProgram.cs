using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>
/// The program that turns a fresh child into a container's first process. The order, and why: docs/runtime.md. Nothing of the host can be
/// reached by path from <see cref="RootSteps.Enter"/> on; nothing privileged is left after <see cref="IdentitySteps.Add"/>.
/// </summary>
internal sealed class ContainerProgram : IDisposable
{
    private readonly CompileContext _context;

    private ContainerProgram(CompileContext context, CloneFlags cloneFlags, Argument? cgroup, string? pidNamespacePath, bool mapsUsers)
    {
        Cgroup = cgroup is { } born ? (int)born.Value : null;
        _context = context;
        CloneFlags = cgroup is null ? cloneFlags : cloneFlags | CloneFlags.IntoCgroup;
        PidNamespacePath = pidNamespacePath;
        MapsUsers = mapsUsers;
    }

    public SyscallProgram Program => _context.Program;

    /// <summary>The namespaces that clone3 makes, and whether it makes the child in <see cref="Cgroup"/>; how the child shares memory is the launcher's to add.</summary>
    public CloneFlags CloneFlags { get; }

    /// <summary>The open v2 cgroup that the child begins its life in; null where the machine has none.</summary>
    public int? Cgroup { get; }

    public string? PidNamespacePath { get; }

    /// <summary>Whether the parent writes the id maps of a new user namespace.</summary>
    public bool MapsUsers { get; }

    /// <exception cref="SpecException">The spec is wrong, and which field.</exception>
    public static ContainerProgram Compile(RuntimeSpec spec, LaunchInput input, IHostView host)
    {
        Refuse(spec, host);
        var program = new SyscallProgram();
        var context = new CompileContext(program, spec, input, host);
        try
        {
            var flags = NamespaceSteps.Made(context);
            var filter = spec.Linux?.Seccomp is { } seccomp ? SeccompFilter.For(seccomp) : null;
            var cgroup = CgroupSteps.Born(context);
            StageSteps.Begin(context);
            if (context.InUserNamespace) flags = EnterUserNamespace(context, flags);
            else
            {
                NamespaceSteps.Join(context);
                CgroupSteps.Join(context);
                AffinitySteps.Reset(context);
                NamespaceSteps.MakeCgroupNamespace(context);
                TimeSteps.Make(context);
                ResetSteps.Early(context);
                if (host.IsInUserNamespace) MountSteps.Prepare(context);
            }
            NetworkDevices.Add(context);
            RootSteps.Enter(context);
            MountSteps.Add(context);
            DeviceSteps.Add(context);
            RootSteps.LeaveHost(context);
            ResetSteps.NamesAndParameters(context);
            TerminalSteps.Add(context);
            LabelSteps.Add(context);
            MaskSteps.Add(context);
            RootSteps.Finish(context);
            ExecSteps.EnterWorkingDirectory(context, create: spec.Root?.Readonly != true);
            // Whoever creates the container hands the seccomp listener over, so the filter is in place before start.
            var gateIsLast = input.ListenerSocket >= 0;
            if (!gateIsLast) StopBeforeProgram(context);
            ExecSteps.CloseDescriptors(context);
            ResetSteps.Descriptors(context);
            IdentitySteps.Add(context, filter);
            if (gateIsLast) StopBeforeProgram(context);
            ExecSteps.Execute(context);
            return new ContainerProgram(context, flags, cgroup, NamespaceSteps.PidNamespacePath(context), context.Makes("user"));
        }
        catch
        {
            context.Dispose();
            program.Dispose();
            throw;
        }
    }

    // Returns what the first clone makes: nothing, since the second makes all.
    private static CloneFlags EnterUserNamespace(CompileContext context, CloneFlags flags)
    {
        CgroupSteps.Join(context);
        AffinitySteps.Reset(context);
        ResetSteps.Privileged(context);
        TerminalSteps.GiveDescriptors(context);
        NamespaceSteps.Join(context);
        UserNamespaceSteps.CloneProcess(context, flags);
        NamespaceSteps.MakeCgroupNamespace(context);
        TimeSteps.Make(context);
        ResetSteps.Session(context);
        UserNamespaceSteps.BecomeRoot(context);
        ResetSteps.Keyring(context);
        MountSteps.Prepare(context);
        DeviceSteps.Prepare(context);
        return CloneFlags.None;
    }

    private static void StopBeforeProgram(CompileContext context)
    {
        if (context.Input.StartGate >= 0)
        {
            ExecSteps.LookForProgram(context);
            WaitForStart(context);
        }
        else if (context.Spec.Hooks is { StartContainer.Count: > 0 }) StageSteps.Wait(context, LaunchStage.StartContainer);
    }

    private static unsafe void WaitForStart(CompileContext context)
    {
        var record = (long*)context.Program.Arena.Allocate(Report.Size);
        record[1] = LaunchReport.ReadyRecord;
        context.Program.Add("tell that it is ready", Syscall.write, Argument.Descriptor(context.Input.ReportPipe, "report"), Argument.Memory(record, "ready"), Report.Size);
        context.Program.Add("wait for start", Syscall.read, Argument.Descriptor(context.Input.StartGate, "start gate"), Argument.Memory(context.Program.Arena.Allocate(1), "1 byte"), 1).AtLeast(1);
    }

    private static void Refuse(RuntimeSpec spec, IHostView host)
    {
        if (spec.OciVersion is not ['1', '.', >= '0' and <= '3'] and not ['1', '.', >= '0' and <= '3', '.' or '-' or '+', ..]) throw new SpecException("ociVersion", $"'{spec.OciVersion}' is not a version from 1.0 to 1.3");
        HookRunner.Check(spec.Hooks);
        if (spec.Linux?.Namespaces is { } namespaces && namespaces.Exists(n => n is { Type: "user", Path: null or "" }))
        {
            UserNamespaceSteps.MapText(spec.Linux.UidMappings, "linux.uidMappings");
            UserNamespaceSteps.MapText(spec.Linux.GidMappings, "linux.gidMappings");
        }
        LabelSteps.Check(spec, host);
    }

    public void Dispose()
    {
        _context.Dispose();
        Program.Dispose();
    }
}
