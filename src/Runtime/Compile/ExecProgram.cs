using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>
/// The program of a process that joins a running container. A first child, still outside the container's PID namespace, lets go of our memory,
/// joins, drops everything that must not be seen inside, and only then clones the process itself into the PID namespace, as our child
/// (CLONE_PARENT). So whoever may look at processes inside never finds one with host descriptors, our memory, or capabilities to steal (CVE-2016-9962).
/// </summary>
internal sealed unsafe class ExecProgram : IDisposable
{
    /// <summary>The kinds of namespaces that containers have of their own.</summary>
    public const CloneFlags Usual = CloneFlags.NewMount | CloneFlags.NewIpc | CloneFlags.NewUts | CloneFlags.NewNetwork | CloneFlags.NewPid;
    private readonly CompileContext _context;

    private ExecProgram(CompileContext context) => _context = context;

    public SyscallProgram Program => _context.Program;

    /// <param name="container">The pidfd of the container's first process.</param>
    /// <param name="kinds">The kinds of namespaces to join.</param>
    /// <param name="cgroups">Each hierarchy's file to join by, and the one to take where the kernel lets no process into the first.</param>
    /// <param name="report">The writing end of the pipe for reports, which stays open until execve.</param>
    public static ExecProgram Compile(RuntimeSpec spec, LaunchInput input, IHostView host, int container, CloneFlags kinds, IEnumerable<(string File, string? Else)> cgroups, int report)
    {
        var program = new SyscallProgram();
        program.Report->Descriptor = report;
        var context = new CompileContext(program, spec, input, host);
        try
        {
            var filter = spec.Linux?.Seccomp is { } seccomp ? SeccompFilter.For(seccomp) : null;
            MemorySteps.LetGo(program, input.OpensForReal ? context.OpenNumber("empty program", MemoryFile.EmptyProgram) : -1);
            AffinitySteps.Add(context, context.Process.ExecCpuAffinity?.Initial, "process.execCPUAffinity.initial");
            foreach (var (file, other) in cgroups)
            {
                var joined = Join(context, file);
                if (other is null) continue;
                joined.Tolerate([Errno.EBUSY, Errno.EOPNOTSUPP]).SkipOnSuccess(1);
                Join(context, other);
            }
            if (context.Process.ExecCpuAffinity is { } affinity) AffinitySteps.Add(context, affinity.Final, "process.execCPUAffinity.final");
            else AffinitySteps.Reset(context);
            ResetSteps.Privileged(context);
            ResetSteps.Keyring(context);
            LabelSteps.Check(spec, host);
            LabelSteps.AddBeforeJoining(context);
            context.JoinsUserNamespace = kinds.HasFlag(CloneFlags.NewUser);
            if (context.JoinsUserNamespace) TerminalSteps.GiveDescriptors(context);
            program.Add("join the container's namespaces", Syscall.setns, Argument.Descriptor(container, "container"), Argument.Flags((long)kinds, kinds.ToString().Replace(", ", "|", StringComparison.Ordinal)));
            if (input.Root >= 0)
            {
                program.Add("enter the container's root", Syscall.fchdir, Argument.Descriptor(input.Root, "root"));
                program.Add("enter the container's root", Syscall.chroot, program.Text("."));
            }
            if (context.InUserNamespace) UserNamespaceSteps.BecomeRoot(context);
            TerminalSteps.Add(context, controls: false);
            ExecSteps.EnterWorkingDirectory(context, create: false);
            var keep = 3 + input.PreservedDescriptors;
            CloseAllBut(program, keep, report, input.ListenerSocket);
            ResetSteps.Descriptors(context);
            IdentitySteps.Add(context, filter);
            CloneIntoContainer(program, report);
            // A session of the first child's would end with it, and take the process along.
            ResetSteps.Session(context);
            if (context.Process.Terminal) TerminalSteps.TakeControl(context, 0);
            ExecSteps.Execute(context);
            return new ExecProgram(context);
        }
        catch
        {
            context.Dispose();
            program.Dispose();
            throw;
        }
    }

    private static StepEditor Join(CompileContext context, string file) =>
        context.Program.Add($"join the cgroup: error adding pid of the process to cgroups {file}", Syscall.write, context.Open(file, () => PathDescriptor.Open(null, file, OpenFlags.WriteOnly)), context.Program.Text("0"), 1);

    private static void CloseAllBut(SyscallProgram program, int first, int one, int other)
    {
        foreach (var kept in other < 0 || other < one ? (ReadOnlySpan<int>)[other, one] : [one, other])
        {
            if (kept < first) continue;
            if (kept > first) program.Add("close what is not the container's", Syscall.close_range, first, kept - 1, 0);
            first = kept + 1;
        }
        program.Add("close what is not the container's", Syscall.close_range, first, uint.MaxValue, 0);
    }

    private static void CloneIntoContainer(SyscallProgram program, int report)
    {
        var record = (long*)program.Arena.Allocate(Report.Size);
        record[1] = LaunchReport.ProcessRecord;
        var pid = new Slot(record, "pid");
        // clone and not clone3: container profiles answer ENOSYS to the latter, since a filter cannot see its flags.
        var clone = program.Add("make the process", Syscall.clone, Argument.Flags((long)CloneFlags.Parent | 17, "CLONE_PARENT|SIGCHLD")).Into(pid).AtLeast(1).Tolerate(Errno.None);
        program.Add("tell its pid", Syscall.write, Argument.Descriptor(report, "report"), Argument.Memory(record, "$pid"), Report.Size);
        program.Add("leave", Syscall.exit_group);
        clone.SkipToHere(onSuccess: false, whenTolerated: true);
    }

    public void Dispose()
    {
        _context.Dispose();
        Program.Dispose();
    }
}
