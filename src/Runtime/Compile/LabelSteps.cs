using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>
/// The AppArmor profile and the SELinux label that the program begins with. They are written below a procfs that no image can have put
/// something else over (CVE-2019-16884, CVE-2025-52881). A kernel without the module is told apart: a label that is not applied is no label.
/// </summary>
internal static unsafe class LabelSteps
{
    private const string AppArmor = "/sys/kernel/security/apparmor", SELinux = "/sys/fs/selinux";

    public static void Check(Oci.RuntimeSpec spec, IHostView host)
    {
        if (spec.Process?.ApparmorProfile is { Length: > 0 } && host.EntryAt(AppArmor) == HostEntry.Absent) throw new SpecException("process.apparmorProfile", "this kernel has no AppArmor");
        if (spec.Process?.SelinuxLabel is { Length: > 0 } && host.EntryAt(SELinux) == HostEntry.Absent) throw new SpecException("process.selinuxLabel", "this kernel has no SELinux policy loaded");
        if (spec.Linux?.MountLabel is { Length: > 0 } && host.EntryAt(SELinux) == HostEntry.Absent) throw new SpecException("linux.mountLabel", "this kernel has no SELinux policy loaded");
    }

    /// <summary>In a new container: through its own procfs.</summary>
    public static void Add(CompileContext context)
    {
        if (IsWanted(context)) Write(context, context.Proc ??= MountSteps.PrivateProc(context));
    }

    /// <summary>In a process that joins: through the host's procfs, opened while only we could choose it.</summary>
    public static void AddBeforeJoining(CompileContext context)
    {
        if (IsWanted(context)) Write(context, context.Open("host's procfs", OpenProc));
    }

    private static SafeFileHandle OpenProc() => PathDescriptor.Open(null, "/proc", OpenFlags.Path | OpenFlags.Directory);

    private static bool IsWanted(CompileContext context) => context.Process.ApparmorProfile is { Length: > 0 } || context.Process.SelinuxLabel is { Length: > 0 };

    private static void Write(CompileContext context, Argument proc)
    {
        if (context.Process.ApparmorProfile is { Length: > 0 } profile) Write(context, proc, "self/attr/apparmor/exec", "exec " + profile, $"the AppArmor profile {profile}");
        if (context.Process.SelinuxLabel is { Length: > 0 } label) Write(context, proc, "self/attr/exec", label, $"the SELinux label {label}");
    }

    private static void Write(CompileContext context, Argument proc, string file, string text, string what)
    {
        var program = context.Program;
        var slot = program.Slot($"label{program.Count}");
        var how = program.Arena.Place(new PathSteps.OpenHow { Flags = (ulong)(OpenFlags.WriteOnly | OpenFlags.CloseOnExec), Resolve = (ulong)(Resolve.Beneath | Resolve.NoMagicLinks | Resolve.NoCrossDevice) });
        program.Add($"set {what}", Syscall.openat2, proc, program.Text(file), Argument.Memory(how, "O_WRONLY, beneath"), sizeof(PathSteps.OpenHow)).Into(slot);
        program.Add($"set {what}", Syscall.write, slot, program.Text(text), Encoding.UTF8.GetByteCount(text));
    }
}
