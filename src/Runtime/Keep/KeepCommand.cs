using Microsoft.Win32.SafeHandles;
using System.Runtime.CompilerServices;
using Yun.Linux;
using Yun.Runtime.Commands;

namespace Yun.Runtime.Keep;

/// <summary>
/// <c>keep --socket PATH --log FILE</c>: be the parent of a daemon's containers. It runs in two stages of one process: the first leaves all that it
/// inherited behind and becomes, from a sealed copy in memory, the second. So no container can reach and change the program that runs with
/// root's rights, and every thread of it has the signals blocked that it takes as descriptors.
/// </summary>
internal static class KeepCommand
{
    private const string SealedOption = "--sealed";

    private static readonly int[] s_signals = [SignalDescriptor.ChildEnded, SignalDescriptor.Terminate, SignalDescriptor.Interrupt, SignalDescriptor.HangUp];

    public static int Run(CommandLine line)
    {
        string? socket = null, log = null;
        var isSealed = false;
        line.Options((name, value) =>
        {
            switch (name)
            {
                case "--socket": socket = Path.GetFullPath(value()); return true;
                case "--log": log = Path.GetFullPath(value()); return true;
                case SealedOption: return isSealed = true;
                default: return false;
            }
        });
        if (socket is null) throw new UsageException("--socket is missing");
        if (!isSealed) Prepare(socket, log);
        return Keep(socket);
    }

    private static void Prepare(string socket, string? log)
    {
        OwnProcess.LeaveSession();
        OwnProcess.ChangeDirectory("/");
        RedirectStandardStreams(log);
        OwnProcess.CloseDescriptorsOnExec();
        Signals.SetMask(SignalDescriptor.MaskOf(s_signals));
        using var program = OpenProgram();
        OwnProcess.Become(program, ["yun-runtime", "keep", "--socket", socket, SealedOption]);
    }

    // A program that is compiled as it runs finds its parts beside its file, so only the native one can be moved into memory.
    private static SafeFileHandle OpenProgram()
    {
        var program = PathDescriptor.Open(null, "/proc/self/exe", OpenFlags.ReadOnly);
        if (RuntimeFeature.IsDynamicCodeSupported) return program;
        using (program) return MemoryFile.SealedProgram("yun-keeper", program);
    }

    private static void RedirectStandardStreams(string? log)
    {
        using var nothing = PathDescriptor.Open(null, "/dev/null", OpenFlags.ReadWrite);
        Descriptors.Redirect(0, nothing);
        if (log is null) return;
        using var output = PathDescriptor.Open(null, log, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append, mode: 0x180);
        Descriptors.Redirect(1, output);
        Descriptors.Redirect(2, output);
    }

    private static int Keep(string socket)
    {
        OwnProcess.Name("yun-keeper");
        OwnProcess.DenyInspection();
        OwnProcess.AdoptOrphans();
        OwnProcess.IgnoreBrokenPipes();
        LowerOomScore();
        // The lock lasts as long as the process: two keepers never share a socket, and a socket without one is a dead keeper's.
        using var lockFile = LockFile.TryTake(socket + ".lock");
        if (lockFile is null)
        {
            Journal.Write("another keeper is there already");
            return 0;
        }
        Files.TryRemove(socket);
        using var listener = UnixSocket.Listen(socket);
        using var loop = new EventLoop();
        using var signals = new SignalDescriptor(s_signals);
        using var keeper = new Keeper(loop, listener);
        using var watch = new Watch(loop, signals.Handle, _ => TakeSignals(signals, keeper, loop));
        watch.For(EpollEvents.Readable);
        Journal.Write($"keeping, as process {Environment.ProcessId}");
        loop.Run();
        Files.TryRemove(socket);
        Journal.Write("ended: nothing is kept");
        return 0;
    }

    private static void TakeSignals(SignalDescriptor signals, Keeper keeper, EventLoop loop)
    {
        while (signals.Read() is var signal and not 0)
        {
            if (signal == SignalDescriptor.ChildEnded) keeper.ChildEnded();
            // Asked to end while containers run, it stays: their output and exits would be lost. SIGKILL still ends it.
            else if (signal == SignalDescriptor.Terminate && keeper.IsIdle) loop.Stop();
            else if (signal == SignalDescriptor.Terminate) Journal.Write("asked to end, but containers run");
        }
    }

    // The last one to be killed when memory runs out; the kernel may not permit it, and then it is one among others.
    private static void LowerOomScore()
    {
        try { Files.Write("/proc/self/oom_score_adj", "-999"u8, 0); }
        catch (SyscallException) { }
    }
}
