using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>The last steps: the working directory, and becoming the container's program.</summary>
internal static unsafe class ExecSteps
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static void EnterWorkingDirectory(CompileContext context, bool create)
    {
        var cwd = context.Process.Cwd;
        if (!cwd.StartsWith('/')) throw new SpecException("process.cwd", $"'{cwd}' is not an absolute path");
        var directory = context.Program.Slot("cwd");
        // By descriptor and without magic links, so that /proc/self/fd/N of the host cannot become the working directory (CVE-2024-21626).
        if (create) PathSteps.OpenOrCreate(context, cwd, directory: true, directory, $"enter the working directory {cwd}");
        else PathSteps.Open(context, cwd, directory, $"enter the working directory {cwd}", OpenFlags.Directory);
        context.Program.Add($"enter the working directory {cwd}", Syscall.fchdir, directory);
        context.Program.Add("set the umask", Syscall.umask, Argument.Flags(context.Process.User.Umask ?? 0x12, PathSteps.Octal(context.Process.User.Umask ?? 0x12)));
    }

    /// <summary>Everything but standard input and output, and what the caller preserves, is closed by execve.</summary>
    public static void CloseDescriptors(CompileContext context) =>
        context.Program.Add("close what is not the container's", Syscall.close_range, 3 + context.Input.PreservedDescriptors, uint.MaxValue, Argument.Flags(4, "CLOEXEC"));

    /// <summary>
    /// Looks whether the program is there before the wait for start: whoever creates the container is told that it is not, and nobody listens later.
    /// </summary>
    public static void LookForProgram(CompileContext context)
    {
        const int execute = 1;
        if (context.Process.Args is not { Count: > 0 } arguments) return;
        var program = context.Program;
        var candidates = Candidates(arguments[0], context.Process.Env);
        var found = new StepEditor[candidates.Count];
        for (var i = 0; i < candidates.Count; i++)
        {
            found[i] = program.Add($"look for {candidates[i]}", Syscall.faccessat, PathDescriptor.CurrentDirectory, program.Text(candidates[i]), Argument.Flags(execute, "X_OK")).OfProgram();
            if (i < candidates.Count - 1) found[i].Tolerate([Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES]);
        }
        if (candidates.Count > 1) foreach (var step in found) step.SkipToHere(onSuccess: true, whenTolerated: false);
        // A directory is executable too, and the only thing with a "." in it: then the answer is 0, which is too little.
        else program.Add($"look whether {candidates[0]} is a file", Syscall.faccessat, PathDescriptor.CurrentDirectory, program.Text(candidates[0].TrimEnd('/') + "/."), 0).AtLeast(1).Tolerate(Errno.ENOTDIR).OfProgram();
    }

    public static void Execute(CompileContext context)
    {
        var program = context.Program;
        var process = context.Process;
        if (process.Args is not { Count: > 0 } arguments) throw new SpecException("process.args", "is empty; it must name the program to run");
        program.Add("unblock signals", Syscall.rt_sigprocmask, Argument.Flags(2, "SIG_SETMASK"), Argument.Memory(program.Arena.Place(0UL), "none"), 0, 8);
        var argumentList = Argument.Memory(program.Arena.TextList(arguments), Shown(arguments));
        var environment = Argument.Memory(program.Arena.TextList(process.Env ?? []), $"{process.Env?.Count ?? 0} variables");
        var candidates = Candidates(arguments[0], process.Env);
        for (var i = 0; i < candidates.Count; i++)
        {
            var step = program.Add($"exec {candidates[i]}", Syscall.execve, program.Text(candidates[i]), argumentList, environment).OfProgram();
            if (i < candidates.Count - 1) step.Tolerate([Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES]);
            else if (arguments[0].Contains('/')) step.Tolerate(Errno.ENOENT);
        }
        if (!arguments[0].Contains('/')) return;
        // The same is answered for a script whose interpreter is missing. Which of the two it is, the step that fails tells.
        program.Add($"look for {candidates[0]}", Syscall.faccessat, PathDescriptor.CurrentDirectory, program.Text(candidates[0]), 0).Tolerate([Errno.EPERM, Errno.ENOSYS, Errno.EACCES]).OfProgram();
        program.Add($"exec {candidates[0]}", Syscall.execve, program.Text(candidates[0]), argumentList, environment).OfProgram();
    }

    /// <summary>Where the program may be, as execvp(3) looks: PATH of the container's own environment, unless the name has a slash.</summary>
    public static List<string> Candidates(string name, List<string>? environment)
    {
        if (name.Contains('/')) return [name];
        var path = environment?.FindLast(v => v.StartsWith("PATH=", StringComparison.Ordinal))?[5..] ?? DefaultPath;
        var candidates = new List<string>();
        foreach (var directory in path.Split(':'))
        {
            var candidate = directory.Length == 0 ? "./" + name : $"{directory.TrimEnd('/')}/{name}";
            if (!candidates.Contains(candidate)) candidates.Add(candidate);
        }
        return candidates.Count > 0 && name.Length > 0 ? candidates : [name];
    }

    private static string Shown(List<string> arguments)
    {
        var text = string.Join(' ', arguments).Replace("\n", "\\n", StringComparison.Ordinal);
        return text.Length <= 100 ? text : text[..100] + "…";
    }
}
