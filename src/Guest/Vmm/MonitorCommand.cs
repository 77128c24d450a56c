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
    /// <summary>Files whose names are those of <see cref="FrameKind.File"/> frames, and beside them <c>qemu</c>, the command line, an argument a line, and <c>deadline</c>, seconds.</summary>
    private const string Folder = "/vm/machine", FileServerSocket = "/run/files.sock";

    // Rarely an emulated machine hangs at its start, whatever is done.
    private const int Attempts = 2, BootFailed = 125, MachineGone = 137;

    private readonly EngineReport _report = new();
    private readonly string[] _arguments = ReadText("qemu").Split('\n', StringSplitOptions.RemoveEmptyEntries);
    private readonly TimeSpan _deadline = TimeSpan.FromSeconds(int.Parse(ReadText("deadline")));

    public static int Run() => new MonitorCommand().RunMachine();

    private int RunMachine()
    {
        try
        {
            if (ReadText("shares").Length > 0) AwaitFileServer();
            using var emulator = Boot();
            return Serve(emulator);
        }
        catch (Exception failed) when (failed is SyscallException or IOException)
        {
            _report.Failed(BootFailed, failed.Message);
            return BootFailed;
        }
    }

    /// <summary>QEMU connects to it at its start and does not wait.</summary>
    private void AwaitFileServer()
    {
        for (var began = Environment.TickCount64; !Files.Exists(FileServerSocket); Thread.Sleep(5))
            if (Environment.TickCount64 - began > _deadline.TotalMilliseconds) throw new IOException("what serves the volumes did not start");
    }

    /// <summary>A machine whose guest has said hello.</summary>
    private Emulator Boot()
    {
        for (var attempt = 1; ; attempt++)
        {
            var emulator = Emulator.Start(_arguments);
            var hello = false;
            var waiting = Threads.Start(() => hello = emulator.Wire.Receive() is { Kind: FrameKind.Hello });
            var inTime = waiting.Join(_deadline);
            if (inTime && hello) return emulator;
            emulator.Kill();
            waiting.Join();
            var words = emulator.LastWords();
            emulator.Dispose();
            // One that ends by itself will do so again.
            if (inTime || attempt == Attempts) throw new IOException(inTime ? $"the virtual machine ended at its start: {words}" : $"the virtual machine did not answer within {_deadline.TotalSeconds} seconds: {words}");
        }
    }

    private int Serve(Emulator emulator)
    {
        var wire = emulator.Wire;
        foreach (var name in (ReadOnlySpan<string>)["hostname", "hosts", "resolv.conf", "parameters", "interfaces", "shares", "spec"])
            wire.Send(FrameKind.File, 0, [.. Encoding.UTF8.GetBytes(name), 0, .. Encoding.UTF8.GetBytes(ReadText(name))]);
        wire.Send(FrameKind.Boot, 0);
        using var names = new NameClient(wire);
        var frame = wire.Receive();
        while (frame is { Kind: FrameKind.Question } question)
        {
            names.Ask(question.Session, question.Content);
            frame = wire.Receive();
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
            throw new IOException($"the virtual machine ended at its start: {emulator.LastWords()}");
        }

        using var relay = new ProcessRelay(wire, 0);
        var clients = new ExecClients(wire);
        _report.Started();
        var isDown = Route(wire, relay, clients, names);
        emulator.Kill();
        if (!isDown)
        {
            Console.Error.WriteLine($"the virtual machine ended: {emulator.LastWords()}");
            relay.End(MachineGone);
        }
        return relay.Wait();
    }

    /// <summary>Until the guest has gone down in order (true), or is gone.</summary>
    private static bool Route(FrameStream wire, ProcessRelay relay, ExecClients clients, NameClient names)
    {
        while (wire.Receive() is { } frame)
        {
            if (frame.Kind == FrameKind.Down) return true;
            if (frame.Kind == FrameKind.Question) names.Ask(frame.Session, frame.Content);
            else if (frame.Session == 0) relay.Handle(frame);
            else clients.Handle(frame);
        }
        return false;
    }

    private static string ReadText(string name) => KernelFile.Read($"{Folder}/{name}");
}
