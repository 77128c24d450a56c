using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Linux.Cgroups;
using Yun.Runtime.Compile;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Commands.Checkpoints;

/// <summary>CRIU, driven by its command line: a child of ours with what it needs around it, which goes when it goes.</summary>
internal sealed unsafe class Criu(string path)
{
    // Above all that we have open ourselves.
    private const int FirstDescriptor = 500;
    private const int OutputBytesMax = 4096;
    private const string Fault = "CRIU_FAULT=";
    private static readonly Version s_newEnough = new(4, 2);
    private readonly List<SafeFileHandle> _descriptors = [];

    /// <summary>A folder to be a mount of its own, as CRIU needs a restored root to be, in a mount namespace that nobody else sees.</summary>
    public string? Root { get; set; }
    /// <summary>The cgroup to be in.</summary>
    public Cgroup? Cgroup { get; set; }

    /// <exception cref="UsageException">There is none.</exception>
    public static Criu Find(RuntimeSettings settings) => new(ProgramPath.Find(settings.Criu) ?? throw new UsageException(
        settings.Criu.Contains('/') ? $"{settings.Criu} does not exist; --criu must name CRIU's program" : $"{settings.Criu} is not on PATH; checkpoints need CRIU (criu.org); --criu names it elsewhere"));

    /// <summary>Hands a descriptor over, which stays the caller's; the number is CRIU's name for it.</summary>
    public int Give(SafeFileHandle descriptor)
    {
        _descriptors.Add(descriptor);
        return FirstDescriptor + _descriptors.Count - 1;
    }

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="LaunchException">It failed, in its own words.</exception>
    public void Run(List<string> line, string log)
    {
        List<string> environment = [.. Encoding.UTF8.GetString(KernelFile.TryReadBytes("/proc/self/environ") ?? []).Split('\0', StringSplitOptions.RemoveEmptyEntries)];
        var (done, said) = Once(line, environment);
        // Where a hypervisor gives its guests no debug registers, CRIU's breakpoints are never reached; fault 130 makes it do without.
        if (!done && CriuLog.EndsWaiting(log) && !environment.Exists(v => v.StartsWith(Fault, StringComparison.Ordinal))) (done, said) = Once(line, [.. environment, Fault + "130"]);
        if (!done) throw new LaunchException("criu", Errno.EIO, $"criu {line[1]} failed: {CriuLog.LastWords(log) ?? said} (its log is {log}){Advice(environment)}");
    }

    // What it cannot do is mostly what it is too old for: it has to know the kernel. Elsewhere an old one is as good.
    private string Advice(List<string> environment)
    {
        var (_, said) = Once(["criu", "--version"], environment);
        return said.StartsWith("Version: ", StringComparison.Ordinal) && Version.TryParse(said.Split('\n')[0]["Version: ".Length..].Trim(), out var version) && version < s_newEnough
            ? $"; this is CRIU {version}, and newer kernels need a newer one (those from 6.16 on need 4.2 for sockets)"
            : "";
    }

    private (bool Done, string Said) Once(List<string> line, List<string> environment)
    {
        using var output = MemoryFile.Holding("criu output", []);
        using var pipe = new Pipe();
        using var program = Compile(line, environment, output);
        program.Report->Descriptor = (int)pipe.Write.DangerousGetHandle();
        var pidFd = program.Arena.Place(-1L);
        ContainerLauncher.Clone(program, Root is null ? CloneFlags.None : CloneFlags.NewMount, pidFd);
        using var process = new SafeFileHandle((nint)(int)*pidFd, ownsHandle: true);
        pipe.Write.Dispose();
        var report = LaunchReport.Read(pipe.Read);
        var exit = ProcessDescriptor.Wait(process);
        if (report.Failure is { } failure)
            throw new LaunchException("criu", (Errno)(-failure.Result), $"unable to {program.Texts[failure.Index].Purpose}: {((Errno)(-failure.Result)).Describe()}");
        var said = new byte[OutputBytesMax];
        var text = Encoding.UTF8.GetString(said.AsSpan(0, MemoryFile.ReadFirst(output, said))).Trim();
        return (exit.Code == 0, text.Length > 0 ? text : exit.Signal == 0 ? $"exit status {exit.Status}" : $"ended by signal {exit.Signal}");
    }

    private SyscallProgram Compile(List<string> line, List<string> environment, SafeFileHandle output)
    {
        const int bind = 0x1000, recursive = 0x4000, isPrivate = 0x40000;
        var program = new SyscallProgram();
        if (Root is not null)
        {
            program.Add("keep mounts to itself", Syscall.mount, 0, program.Text("/"), 0, Argument.Flags(recursive | isPrivate, "MS_REC|MS_PRIVATE"), 0);
            program.Add($"mount the root {Root}", Syscall.mount, program.Text(Root), program.Text(Root), 0, Argument.Flags(bind | recursive, "MS_BIND|MS_REC"), 0);
        }
        foreach (var file in Cgroup?.JoinFiles() ?? [])
        {
            var processes = program.Slot("cgroup");
            program.Add($"open {file}", Syscall.openat, PathDescriptor.CurrentDirectory, program.Text(file), Argument.Flags(OpenFlags.WriteOnly | OpenFlags.CloseOnExec, "O_WRONLY|O_CLOEXEC")).Into(processes);
            program.Add($"join the cgroup of {file}", Syscall.write, processes, program.Text("0"), 1);
        }
        ResetSteps.Signals(program, HostView.Instance.IgnoredSignals);
        program.Add("close what is not CRIU's", Syscall.close_range, 3, uint.MaxValue, Argument.Flags(4, "CLOEXEC"));
        for (var i = 0; i < _descriptors.Count; i++)
            program.Add("hand a descriptor over", Syscall.dup3, Argument.Descriptor((int)_descriptors[i].DangerousGetHandle(), "given"), FirstDescriptor + i, 0);
        for (var i = 1; i < 3; i++) program.Add("set up standard output", Syscall.dup3, Argument.Descriptor((int)output.DangerousGetHandle(), "output"), i, 0);
        program.Add("unblock signals", Syscall.rt_sigprocmask, 2, Argument.Memory(program.Arena.Place(0UL), "none"), 0, 8);
        program.Add($"exec {path}", Syscall.execve, program.Text(path), Argument.Memory(program.Arena.TextList(line), "arguments"), Argument.Memory(program.Arena.TextList(environment), "environment"));
        return program;
    }
}
