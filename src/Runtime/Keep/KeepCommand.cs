using System.Globalization;
using Microsoft.Win32.SafeHandles;
using System.Runtime.CompilerServices;
using Yun.Linux;
using Yun.Runtime.Commands;

namespace Yun.Runtime.Keep;

/// <summary>
/// <c>keep --socket PATH --log FILE</c>: be the parent of a daemon's containers. It runs in two stages of one process: the first leaves all that it
/// inherited behind and becomes, from a sealed copy in memory, the second. So no container can reach and change the program that runs with
/// root's rights, and every thread of it has the signals blocked that it takes as descriptors. In the same way it becomes another version of itself,
/// which finds all that is kept in a memory file (<c>--state</c>) and the former version beside it, in case it does not understand that.
/// </summary>
internal static class KeepCommand
{
    private const string SealedOption = "--sealed", StateOption = "--state", FormerOption = "--former";

    private static readonly string[] s_words = ["yun-runtime", "keep"];
    private static readonly int[] s_signals = [SignalDescriptor.ChildEnded, SignalDescriptor.Terminate, SignalDescriptor.Interrupt, SignalDescriptor.HangUp];

    public static int Run(CommandLine line)
    {
        string? socket = null, log = null;
        var isSealed = false;
        SafeFileHandle? state = null, former = null;
        line.Options((name, value) =>
        {
            switch (name)
            {
                case "--socket": socket = Path.GetFullPath(value()); return true;
                case "--log": log = Path.GetFullPath(value()); return true;
                case SealedOption: return isSealed = true;
                case StateOption: state = LeftOpen(value()); return true;
                case FormerOption: former = LeftOpen(value()); return true;
                default: return false;
            }
        });
        if (socket is null) throw new UsageException("--socket is missing");
        if (!isSealed) Prepare(socket, log);
        return Keep(socket, state is null ? null : TakeOver(socket, state, former));
    }

    private static SafeFileHandle LeftOpen(string number) => new(int.Parse(number, CultureInfo.InvariantCulture), ownsHandle: true);

    // What the former version left. One that cannot be read is given back to it: better an old keeper than containers without one.
    private static KeepState TakeOver(string socket, SafeFileHandle state, SafeFileHandle? former)
    {
        try
        {
            var read = StateReader.Read(MemoryFile.ReadAll(state));
            OwnProcess.CloseDescriptorsOnExec();
            former?.Dispose();
            state.Dispose();
            return read;
        }
        catch (Exception error) when (former is not null)
        {
            Journal.Write($"the state of the former version is not understood, which goes on: {error.Message}");
            OwnProcess.Become(former, [.. s_words, "--socket", socket, SealedOption, StateOption, $"{state.DangerousGetHandle()}"]);
            throw;
        }
    }

    private static void Become(string socket, KeepState state, SafeFileHandle program)
    {
        using var copy = MemoryFile.SealedProgram("yun-keeper", program);
        using var former = PathDescriptor.Open(null, "/proc/self/exe", OpenFlags.ReadOnly);
        using var written = MemoryFile.Holding("yun-keeper-state", StateWriter.Write(state));
        List<SafeFileHandle> kept = [former, written, .. state.Descriptors()];
        try
        {
            foreach (var descriptor in kept) Descriptors.KeepOnExec(descriptor, true);
            OwnProcess.Become(copy, [.. s_words, "--socket", socket, SealedOption, StateOption, $"{written.DangerousGetHandle()}", FormerOption, $"{former.DangerousGetHandle()}"]);
        }
        finally
        {
            foreach (var descriptor in kept) Descriptors.KeepOnExec(descriptor, false);
        }
    }

    private static void Prepare(string socket, string? log)
    {
        OwnProcess.LeaveSession();
        OwnProcess.ChangeDirectory("/");
        RedirectStandardStreams(log);
        OwnProcess.CloseDescriptorsOnExec();
        Signals.SetMask(SignalDescriptor.MaskOf(s_signals));
        using var program = OpenProgram();
        OwnProcess.Become(program, [.. s_words, "--socket", socket, SealedOption]);
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

    /// <param name="state">What the former version of this program left in this process; null in a new one.</param>
    private static int Keep(string socket, KeepState? state)
    {
        OwnProcess.Name("yun-keeper");
        OwnProcess.DenyInspection();
        OwnProcess.AdoptOrphans();
        OwnProcess.IgnoreBrokenPipes();
        LowerOomScore();
        // The lock lasts as long as the process: two keepers never share a socket, and a socket without one is a dead keeper's.
        var lockPath = socket + ".lock";
        using var lockFile = state is null ? LockFile.TryTake(lockPath) : LockFile.TakeOver(lockPath, state.Lock!);
        if (lockFile is null)
        {
            Journal.Write("another keeper is there already");
            return 0;
        }
        if (state is null) Files.TryRemove(socket);
        using var listener = state is null ? UnixSocket.Listen(socket) : new UnixSocket(state.Listener!);
        using var loop = new EventLoop();
        using var signals = new SignalDescriptor(s_signals);
        using var keeper = new Keeper(loop, listener, (left, program) =>
        {
            (left.Lock, left.Listener) = (lockFile.Handle, listener.Handle);
            Become(socket, left, program);
        });
        using var watch = new Watch(loop, signals.Handle, _ => TakeSignals(signals, keeper, loop));
        watch.For(EpollEvents.Readable);
        if (state is not null) keeper.TakeOver(state);
        Journal.Write(state is null ? $"keeping, as process {Environment.ProcessId}" : $"keeping on, as another version of the program, {state.Processes.Count} processes");
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
