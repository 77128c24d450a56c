using System.Buffers.Binary;
using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>
/// <c>yun-guest monitor</c>: the first process of a machine's sandbox. It starts QEMU, tells the guest how it is to be, and stands for the guest's first process: its
/// output, signals and exit code are that one's.
/// </summary>
internal sealed class MonitorCommand
{
    private const string FileServerSocket = "/run/files.sock";

    // Rarely an emulated machine hangs at its start, whatever is done.
    private const int Attempts = 2, BootFailed = 125, MachineGone = 137;

    private readonly EngineReport _report = new();
    private readonly string[] _arguments = MachineFolder.Arguments;
    private readonly TimeSpan _deadline = MachineFolder.Deadline;

    public static int Run() => new MonitorCommand().RunMachine();

    private int RunMachine()
    {
        try
        {
            if (MachineFolder.Text("shares").Length > 0) AwaitFileServer();
            using var emulator = GoOn() ?? Boot();
            return Serve(emulator);
        }
        catch (Exception failed) when (failed is SyscallException or IOException)
        {
            _report.Failed(BootFailed, failed.Message);
            return BootFailed;
        }
        finally { _report.Finish(); }
    }

    /// <summary>QEMU connects to it at its start and does not wait.</summary>
    private void AwaitFileServer()
    {
        for (var began = Environment.TickCount64; !Files.Exists(FileServerSocket); Thread.Sleep(5))
            if (Environment.TickCount64 - began > _deadline.TotalMilliseconds) throw new IOException("what serves the volumes did not start");
    }

    /// <summary>A machine that goes on from a template, where there is one and it serves.</summary>
    private Emulator? GoOn()
    {
        if (PathDescriptor.TryOpen(null, MachineFolder.State, OpenFlags.ReadOnly, out var state) != Errno.None) return null;
        Emulator emulator;
        using (state) emulator = Emulator.Start([.. _arguments, "-incoming", "fd:4"], state);
        if (emulator.AwaitFrame(_deadline, () => MachineFolder.Tell(emulator.Wire)) is { Kind: FrameKind.Alive }) return emulator;
        emulator.Kill();
        _report.Happened("cold-start", $"the machine did not go on from its template: {emulator.LastWords()}");
        emulator.Dispose();
        return null;
    }

    /// <summary>A machine whose guest has said hello, and is told what to be.</summary>
    internal Emulator Boot()
    {
        for (var attempt = 1; ; attempt++)
        {
            var emulator = Emulator.Start(_arguments);
            var began = Environment.TickCount64;
            if (emulator.AwaitFrame(_deadline) is { Kind: FrameKind.Hello })
            {
                MachineFolder.Tell(emulator.Wire);
                return emulator;
            }
            var inTime = Environment.TickCount64 - began < _deadline.TotalMilliseconds;
            emulator.Kill();
            var words = inTime ? $"the virtual machine ended at its start: {emulator.LastWords()}" : $"the virtual machine did not answer within {_deadline.TotalSeconds} seconds: {emulator.LastWords()}";
            emulator.Dispose();
            // One that ends by itself will do so again.
            if (inTime || attempt == Attempts) throw new IOException(words);
            _report.Happened("boot-retry", words);
        }
    }

    private int Serve(Emulator emulator)
    {
        var wire = emulator.Wire;
        var watch = new GuestWatch(emulator, _report, int.Parse(MachineFolder.Text("watchdog")));
        using var names = new NameClient(wire);
        var frame = wire.Receive();
        for (; frame is { Kind: FrameKind.Question or FrameKind.Alive or FrameKind.OutOfMemory } early; frame = wire.Receive())
        {
            watch.Seen();
            if (early.Kind == FrameKind.OutOfMemory) TellKills(early.Content);
            if (early.Kind == FrameKind.Question) names.Ask(early.Session, early.Content);
        }
        if (frame is { Kind: FrameKind.Failed, Content: [var code, .. var message] })
        {
            _report.Failed(code, Encoding.UTF8.GetString(message));
            emulator.Kill();
            return code;
        }
        if (frame is not { Kind: FrameKind.Started })
        {
            emulator.Kill();
            throw new IOException($"the virtual machine ended at its start: {watch.Cause ?? emulator.LastWords()}");
        }

        using var relay = new ProcessRelay(wire, 0);
        var clients = new ExecClients(wire);
        _report.Started();
        if (Route(wire, relay, clients, names, watch)) emulator.Kill();
        else
        {
            var (happened, cause) = EndOf(emulator, watch);
            _report.Happened(happened, cause);
            Console.Error.WriteLine($"the virtual machine ended: {cause}");
            relay.End(MachineGone);
        }
        return relay.Wait();
    }

    /// <summary>Until the guest has gone down in order (true), or is gone.</summary>
    private bool Route(FrameStream wire, ProcessRelay relay, ExecClients clients, NameClient names, GuestWatch watch)
    {
        while (wire.Receive() is { } frame)
        {
            watch.Seen();
            if (frame.Kind == FrameKind.Down) return true;
            if (frame.Kind == FrameKind.Alive) continue;
            if (frame.Kind == FrameKind.OutOfMemory) TellKills(frame.Content);
            else if (frame.Kind == FrameKind.Question) names.Ask(frame.Session, frame.Content);
            else if (frame.Session == 0) relay.Handle(frame);
            else clients.Handle(frame);
        }
        return false;
    }

    private void TellKills(byte[] content)
    {
        if (content.Length == 4 && BinaryPrimitives.ReadInt32LittleEndian(content) is var kills and > 0)
            _report.HappensOften("oom", $"the guest's kernel ended {kills} {(kills == 1 ? "program" : "programs")} for want of memory");
    }

    /// <summary>What the engine tells of the end of a guest that has not gone down in order.</summary>
    private static (string Happened, string Cause) EndOf(Emulator emulator, GuestWatch watch)
    {
        var exit = emulator.AwaitEnd();
        var words = emulator.LastWords();
        if (watch.Cause is { } silence) return ("watchdog", silence);
        if (words.Contains("Kernel panic", StringComparison.Ordinal)) return ("panic", $"the guest's kernel panicked: {words}");
        return exit switch
        {
            null => ("lost", $"the guest has closed its wire: {words}"),
            { Signal: not 0 } killed => ("lost", $"QEMU was ended by signal {killed.Signal}"),
            { Status: 0 } => ("off", $"a program of the guest switched it off, or the guest restarted: {words}"),
            { Status: var status } => ("lost", $"QEMU ended with {status}: {words}"),
        };
    }
}
