using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Yun.Linux;
using Yun.Runtime.Walker;

namespace Yun.Runtime.Compile;

/// <summary>What a child would inherit from us and must not: ignored signals, oom score, keyring, umask, scheduling; and the limits the spec sets.</summary>
internal static unsafe class ResetSteps
{
    private static readonly string[] s_limits =
        ["RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME"];

    // RLIMIT_NOFILE's number, and more than any program opens.
    private const int DescriptorLimit = 7;
    private const ulong DescriptorsNeeded = 4096;

    /// <summary>Before the root is left: needs the host's procfs.</summary>
    public static void Early(CompileContext context)
    {
        Session(context);
        Privileged(context);
        Keyring(context);
    }

    public static void Session(CompileContext context) => context.Program.Add("start a session", Syscall.setsid);

    /// <summary>What may need privileges of the host's: in a user namespace they are gone.</summary>
    public static void Privileged(CompileContext context)
    {
        Signals(context.Program, context.Host.IgnoredSignals);
        OomScore(context);
        Limits(context);
        Scheduling(context);
    }

    public static void Signals(SyscallProgram program, ulong ignored)
    {
        var defaultAction = Argument.Memory(program.Arena.Allocate(32), "SIG_DFL");
        for (; ignored != 0; ignored &= ignored - 1)
            program.Add("restore default signal actions", Syscall.rt_sigaction, BitOperations.TrailingZeroCount(ignored) + 1, defaultAction, 0, 8);
    }

    public static void Keyring(CompileContext context)
    {
        var program = context.Program;
        if (context.Input.NewSessionKeyring)
            program.Add("make a session keyring", Syscall.keyctl, Argument.Flags(1, "JOIN_SESSION_KEYRING"), program.Text("_ses." + context.Input.Id)).Tolerate([Errno.ENOSYS, Errno.EDQUOT, Errno.EPERM]);
        program.Add("clear the umask", Syscall.umask, 0);
    }

    private static void OomScore(CompileContext context)
    {
        var wanted = context.Process.OomScoreAdj ?? 0;
        if (wanted is < -1000 or > 1000) throw new SpecException("process.oomScoreAdj", $"{wanted} is not between -1000 and 1000");
        if (wanted == context.Host.OomScoreAdjustment) return;
        var program = context.Program;
        var file = program.Slot("oom_score_adj");
        var text = wanted.ToString();
        program.Add("open oom_score_adj", Syscall.openat, PathDescriptor.CurrentDirectory, program.Text("/proc/self/oom_score_adj"), Argument.Flags(OpenFlags.WriteOnly | OpenFlags.CloseOnExec, "O_WRONLY|O_CLOEXEC")).Into(file);
        var set = program.Add($"set oom_score_adj to {text}", Syscall.write, file, program.Text(text), text.Length);
        // To be spared less takes no rights, to be spared more does; where nothing is asked for the caller's will do.
        if (context.Process.OomScoreAdj is null) set.Tolerate([Errno.EACCES, Errno.EPERM]);
    }

    private static void Limits(CompileContext context)
    {
        for (var i = 0; i < (context.Process.Rlimits?.Count ?? 0); i++)
        {
            var limit = context.Process.Rlimits![i];
            var number = Array.IndexOf(s_limits, limit.Type);
            if (number < 0) throw new SpecException($"process.rlimits[{i}].type", $"'{limit.Type}' is not a resource limit");
            if (limit.Soft > limit.Hard) throw new SpecException($"process.rlimits[{i}].soft", $"{limit.Soft} is above the hard limit {limit.Hard}");
            if (number != DescriptorLimit) Limit(context, number, limit.Soft, limit.Hard);
            // The steps in between need more descriptors than the container may be meant to have; only to raise the limit takes privileges.
            else if (limit.Hard >= DescriptorsNeeded) Limit(context, number, limit.Hard, limit.Hard);
        }
    }

    /// <summary>When all that is opened is open.</summary>
    public static void Descriptors(CompileContext context)
    {
        foreach (var limit in context.Process.Rlimits ?? [])
            if (limit.Type == s_limits[DescriptorLimit] && (limit.Hard < DescriptorsNeeded || limit.Soft != limit.Hard)) Limit(context, DescriptorLimit, limit.Soft, limit.Hard);
    }

    private static void Limit(CompileContext context, int number, ulong soft, ulong hard)
    {
        var pair = (ulong*)context.Program.Arena.Allocate(16);
        (pair[0], pair[1]) = (soft, hard);
        context.Program.Add($"set {s_limits[number]} to {soft}:{hard}", Syscall.prlimit64, 0, Argument.Flags(number, s_limits[number]), Argument.Memory(pair, $"{soft}:{hard}"));
    }

    private static void Scheduling(CompileContext context)
    {
        var program = context.Program;
        if (context.Process.Scheduler is { } scheduler) program.Add("set the scheduler", Syscall.sched_setattr, 0, Argument.Memory(program.Arena.Copy(SchedulerAttributes(scheduler)), scheduler.Policy), 0);
        if (context.Process.IoPriority is { } priority)
        {
            var kind = priority.Class switch
            {
                "IOPRIO_CLASS_RT" => 1,
                "IOPRIO_CLASS_BE" => 2,
                "IOPRIO_CLASS_IDLE" => 3,
                _ => throw new SpecException("process.ioPriority.class", $"'{priority.Class}' is not an I/O class"),
            };
            if (priority.Priority is < 0 or > 7) throw new SpecException("process.ioPriority.priority", $"{priority.Priority} is not between 0 and 7");
            program.Add("set the I/O priority", Syscall.ioprio_set, 1, 0, kind << 13 | priority.Priority);
        }
        MemoryPolicySteps.Add(context);
        if (context.Linux.Personality is { } personality)
        {
            var domain = personality.Domain switch
            {
                "LINUX" => 0,
                "LINUX32" => 8,
                _ => throw new SpecException("linux.personality.domain", $"'{personality.Domain}' is not LINUX or LINUX32"),
            };
            if (personality.Flags is { Count: > 0 }) throw new SpecException("linux.personality.flags", "are not supported, as the specification reserves them");
            program.Add("set the personality", Syscall.personality, Argument.Flags(domain, personality.Domain));
        }
    }

    // struct sched_attr of linux/sched/types.h, version 0: 48 bytes.
    private static byte[] SchedulerAttributes(Oci.SpecScheduler scheduler)
    {
        var bytes = new byte[48];
        string[] policies = ["SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"];
        var policy = Array.IndexOf(policies, scheduler.Policy);
        if (policy < 0) throw new SpecException("process.scheduler.policy", $"'{scheduler.Policy}' is not a scheduling policy");
        ulong flags = 0;
        foreach (var flag in scheduler.Flags ?? [])
        {
            var bit = Array.IndexOf(["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"], flag);
            if (bit < 0) throw new SpecException("process.scheduler.flags", $"'{flag}' is not a scheduling flag");
            flags |= 1UL << bit;
        }
        BinaryPrimitives.WriteInt32LittleEndian(bytes, bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), policy);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), flags);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), scheduler.Nice ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), scheduler.Priority ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), scheduler.Runtime ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), scheduler.Deadline ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), scheduler.Period ?? 0);
        return bytes;
    }

    /// <summary>Names and kernel parameters of the new namespaces, through the container's own procfs.</summary>
    public static void NamesAndParameters(CompileContext context)
    {
        var program = context.Program;
        if (context.Spec.Hostname is { Length: > 0 } host)
        {
            if (!context.Has("uts")) throw new SpecException("hostname", "needs a uts namespace");
            program.Add("set the host name", Syscall.sethostname, program.Text(host), Encoding.UTF8.GetByteCount(host));
        }
        if (context.Spec.Domainname is { Length: > 0 } domain)
        {
            if (!context.Has("uts")) throw new SpecException("domainname", "needs a uts namespace");
            program.Add("set the domain name", Syscall.setdomainname, program.Text(domain), Encoding.UTF8.GetByteCount(domain));
        }
        foreach (var (name, value) in context.Linux.Sysctl ?? []) Parameter(context, name, value);
    }

    private static void Parameter(CompileContext context, string name, string value)
    {
        var path = name.Contains('/') ? name : name.Replace('.', '/');
        if (Array.Exists(path.Split('/'), p => p is "" or "." or "..")) throw new SpecException("linux.sysctl", $"'{name}' is not a kernel parameter");
        KernelParameters.Check(context, path, value);
        var program = context.Program;
        context.Proc ??= MountSteps.PrivateProc(context);
        var file = program.Slot($"sysctl{program.Count}");
        var how = program.Arena.Place(new PathSteps.OpenHow { Flags = (ulong)(OpenFlags.WriteOnly | OpenFlags.CloseOnExec), Resolve = (ulong)(Resolve.Beneath | Resolve.NoMagicLinks | Resolve.NoSymlinks | Resolve.NoCrossDevice) });
        program.Add($"open the kernel parameter {name}", Syscall.openat2, context.Proc.Value, program.Text("sys/" + path), Argument.Memory(how, "O_WRONLY, beneath"), sizeof(PathSteps.OpenHow)).Into(file);
        program.Add($"set the kernel parameter {name}", Syscall.write, file, program.Text(value), Encoding.UTF8.GetByteCount(value));
    }
}
