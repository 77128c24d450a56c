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

    private ContainerProgram(CompileContext context, CloneFlags cloneFlags, int firstExecStep, string? pidNamespacePath)
    {
        _context = context;
        CloneFlags = cloneFlags;
        FirstExecStep = firstExecStep;
        PidNamespacePath = pidNamespacePath;
    }

    public SyscallProgram Program => _context.Program;

    /// <summary>The namespaces that clone3 makes; how the child shares memory is the launcher's to add.</summary>
    public CloneFlags CloneFlags { get; }

    public int FirstExecStep { get; }

    public string? PidNamespacePath { get; }

    /// <exception cref="SpecException">The spec is wrong, and which field.</exception>
    public static ContainerProgram Compile(RuntimeSpec spec, LaunchInput input, IHostView host)
    {
        Refuse(spec);
        var program = new SyscallProgram();
        var context = new CompileContext(program, spec, input, host);
        try
        {
            var flags = NamespaceSteps.Made(context);
            var filter = spec.Linux?.Seccomp is { } seccomp ? SeccompFilter.For(seccomp) : null;
            NamespaceSteps.Join(context);
            CgroupSteps.Join(context);
            NamespaceSteps.MakeCgroupNamespace(context);
            ResetSteps.Early(context);
            RootSteps.Enter(context);
            MountSteps.Add(context);
            DeviceSteps.Add(context);
            ResetSteps.NamesAndParameters(context);
            TerminalSteps.Add(context);
            MaskSteps.Add(context);
            RootSteps.Finish(context);
            ExecSteps.EnterWorkingDirectory(context, create: spec.Root?.Readonly != true);
            if (input.StartGate >= 0) WaitForStart(context);
            ExecSteps.CloseDescriptors(context);
            IdentitySteps.Add(context, filter);
            var firstExecStep = ExecSteps.Execute(context);
            return new ContainerProgram(context, flags, firstExecStep, NamespaceSteps.PidNamespacePath(context));
        }
        catch
        {
            context.Dispose();
            program.Dispose();
            throw;
        }
    }

    private static unsafe void WaitForStart(CompileContext context)
    {
        var record = (long*)context.Program.Arena.Allocate(Report.Size);
        record[1] = LaunchReport.ReadyRecord;
        context.Program.Add("tell that it is ready", Syscall.write, Argument.Descriptor(context.Input.ReportPipe, "report"), Argument.Memory(record, "ready"), Report.Size);
        context.Program.Add("wait for start", Syscall.read, Argument.Descriptor(context.Input.StartGate, "start gate"), Argument.Memory(context.Program.Arena.Allocate(1), "1 byte"), 1).AtLeast(1);
    }

    private static void Refuse(RuntimeSpec spec)
    {
        if (!spec.OciVersion.StartsWith("1.", StringComparison.Ordinal)) throw new SpecException("ociVersion", $"'{spec.OciVersion}' is not a 1.x version");
        if (spec.Linux?.IntelRdt is not null) throw new SpecException("linux.intelRdt", "is not supported");
        if (spec.Hooks is { } hooks && (hooks.Prestart ?? hooks.CreateRuntime ?? hooks.CreateContainer ?? hooks.StartContainer ?? hooks.Poststart ?? hooks.Poststop) is { Count: > 0 })
            throw new SpecException("hooks", "are not supported yet");
        if (spec.Linux?.Namespaces?.Any(n => n.Type is "user" or "time") == true) throw new SpecException("linux.namespaces", "user and time namespaces are not supported yet");
        if (spec.Process?.ApparmorProfile is { Length: > 0 } && !Directory.Exists("/sys/kernel/security/apparmor")) throw new SpecException("process.apparmorProfile", "this kernel has no AppArmor");
        if (spec.Process?.SelinuxLabel is { Length: > 0 }) throw new SpecException("process.selinuxLabel", "this kernel has no SELinux policy loaded");
    }

    public void Dispose()
    {
        _context.Dispose();
        Program.Dispose();
    }
}
