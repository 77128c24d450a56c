using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime;

/// <summary>Runs a container's hooks of one kind, one after the other (runtime-spec, config.md, "POSIX-platform Hooks"): the state on standard input, only the hook's own environment.</summary>
internal static unsafe class HookRunner
{
    private const CloneFlags Kinds = CloneFlags.NewMount | CloneFlags.NewUts | CloneFlags.NewIpc | CloneFlags.NewNetwork | CloneFlags.NewCgroup;
    private const int OutputBytesMax = 4096, BadSystemCall = 31;

    /// <param name="kind">The hooks' name in config.json.</param>
    /// <param name="folder">Where they begin: the bundle, and inside a mount namespace the root file system.</param>
    /// <param name="insidePid">The process whose namespaces the hooks run in; null for ours.</param>
    /// <param name="confinement">The spec whose user, capabilities and filter they have; null for all rights. Programs of the image's are given no more than the image's own.</param>
    /// <exception cref="LaunchException">A hook failed, or took longer than it may.</exception>
    public static void Run(List<SpecHook>? hooks, string kind, byte[] state, string folder, int? insidePid, RuntimeSpec? confinement = null)
    {
        for (var i = 0; i < (hooks?.Count ?? 0); i++) Run(hooks![i], $"{kind} hook #{i}", state, folder, insidePid, confinement);
    }

    /// <summary>Every hook's path must be absolute; which is not, is named by its field.</summary>
    public static void Check(SpecHooks? hooks)
    {
        if (hooks is null) return;
        Check(hooks.Prestart, "prestart");
        Check(hooks.CreateRuntime, "createRuntime");
        Check(hooks.CreateContainer, "createContainer");
        Check(hooks.StartContainer, "startContainer");
        Check(hooks.Poststart, "poststart");
        Check(hooks.Poststop, "poststop");
    }

    private static void Check(List<SpecHook>? hooks, string kind)
    {
        for (var i = 0; i < (hooks?.Count ?? 0); i++)
        {
            if (!hooks![i].Path.StartsWith('/')) throw new SpecException($"hooks.{kind}[{i}].path", $"'{hooks[i].Path}' is not an absolute path");
            if (hooks[i].Timeout is <= 0) throw new SpecException($"hooks.{kind}[{i}].timeout", $"{hooks[i].Timeout} is not above 0");
        }
    }

    private static void Run(SpecHook hook, string name, byte[] state, string folder, int? insidePid, RuntimeSpec? confinement)
    {
        using var input = MemoryFile.Holding("hook state", state);
        using var output = MemoryFile.Holding("hook output", []);
        using var pipe = new Pipe();
        using var container = insidePid is { } pid ? ProcessDescriptor.Open(pid) : null;
        using var exe = insidePid is null ? null : MemoryFile.EmptyProgram();
        using var program = Compile(hook, input, output, container, insidePid, exe, folder, confinement);
        program.Report->Descriptor = (int)pipe.Write.DangerousGetHandle();
        var pidFd = program.Arena.Place(-1L);
        int group;
        using (insidePid is null ? null : PidNamespace.Enter($"/proc/{insidePid}/ns/pid")) group = ContainerLauncher.Clone(program, CloneFlags.None, pidFd);
        using var process = new SafeFileHandle((nint)(int)*pidFd, ownsHandle: true);
        pipe.Write.Dispose();
        var report = LaunchReport.Read(pipe.Read);
        Span<PollEntry> end = [new((int)process.DangerousGetHandle(), PollEvents.Readable)];
        var late = Poll.Wait(end, hook.Timeout is { } seconds ? (int)Math.Min(seconds * 1000L, int.MaxValue) : -1) == 0;
        if (late)
        {
            ProcessDescriptor.Signal(process, 9);
            // And all that it has started.
            ProcessDescriptor.SignalGroup(group, 9);
        }
        var exit = ProcessDescriptor.Wait(process);
        if (report.Failure is { } failure)
            throw Failed(name, (Errno)(-failure.Result), $"{program.Texts[failure.Index].Purpose}: {((Errno)(-failure.Result)).Describe()}", output);
        if (late) throw Failed(name, Errno.ETIMEDOUT, $"did not end within {hook.Timeout} seconds", output);
        if (exit.Code != 0) throw Failed(name, Errno.EIO, exit.Signal == 0 ? $"exit status {exit.Status}" : $"ended by signal {exit.Signal}{(exit.Signal == BadSystemCall ? " (bad system call)" : "")}", output);
    }

    private static SyscallProgram Compile(SpecHook hook, SafeFileHandle input, SafeFileHandle output, SafeFileHandle? container, int? insidePid, SafeFileHandle? exe, string folder, RuntimeSpec? confinement)
    {
        var program = new SyscallProgram();
        if (container is not null)
        {
            MemorySteps.LetGo(program, exe is null ? -1 : (int)exe.DangerousGetHandle());
            // Where the mount namespace is the host's, only the root is the container's.
            if (confinement is not null && !NamespaceSteps.Differs(insidePid!.Value, "mnt")) program.Add("enter the container's root", Syscall.chroot, program.Text($"/proc/{insidePid}/root"));
            var user = NamespaceSteps.Differs(insidePid!.Value, "user") ? CloneFlags.NewUser : CloneFlags.None;
            program.Add("join the container's namespaces", Syscall.setns, Argument.Descriptor((int)container.DangerousGetHandle(), "container"), (long)(Kinds | user));
            if (user != CloneFlags.None)
            {
                program.Add("become the container's root group", Syscall.setresgid, 0, 0, 0).Tolerate(Errno.EINVAL);
                program.Add("become the container's root", Syscall.setresuid, 0, 0, 0).Tolerate(Errno.EINVAL);
            }
        }
        program.Add("lead a process group of its own", Syscall.setpgid, 0, 0);
        program.Add("enter the folder", Syscall.chdir, program.Text(folder)).Tolerate([Errno.ENOENT, Errno.EACCES, Errno.ENOTDIR]);
        program.Add("set up standard input", Syscall.dup3, Argument.Descriptor((int)input.DangerousGetHandle(), "state"), 0, 0);
        for (var i = 1; i < 3; i++) program.Add("set up standard output", Syscall.dup3, Argument.Descriptor((int)output.DangerousGetHandle(), "output"), i, 0);
        ResetSteps.Signals(program, HostView.Instance.IgnoredSignals);
        program.Add("close what is not the hook's", Syscall.close_range, 3, uint.MaxValue, Argument.Flags(4, "CLOEXEC"));
        if (confinement is not null)
        {
            using var context = new CompileContext(program, confinement, new LaunchInput { Id = "" }, HostView.Instance) { JoinsUserNamespace = NamespaceSteps.Differs(insidePid!.Value, "user") };
            IdentitySteps.Add(context, confinement.Linux?.Seccomp is { } seccomp ? SeccompFilter.For(seccomp) : null);
        }
        program.Add("unblock signals", Syscall.rt_sigprocmask, 2, Argument.Memory(program.Arena.Place(0UL), "none"), 0, 8);
        program.Add($"exec {hook.Path}", Syscall.execve, program.Text(hook.Path), Argument.Memory(program.Arena.TextList(hook.Args is { Count: > 0 } args ? args : [hook.Path]), "arguments"), Argument.Memory(program.Arena.TextList(hook.Env ?? []), "environment"));
        return program;
    }

    private static LaunchException Failed(string name, Errno errno, string reason, SafeFileHandle output)
    {
        var said = new byte[OutputBytesMax];
        var text = Encoding.UTF8.GetString(said.AsSpan(0, MemoryFile.ReadFirst(output, said))).Trim();
        return new LaunchException(name, errno, $"error running {name}: {reason}{(text.Length == 0 ? "" : ": " + text)}");
    }
}
