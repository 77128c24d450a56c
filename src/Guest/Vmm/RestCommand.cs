using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>
/// <c>yun-guest rest</c>: as <c>yun-guest files</c>, for a machine that does not run. It boots one with the same disks that starts no program, and switches it off when what
/// was asked is done and written: whoever the disk's last writer was, only a guest's kernel reads it.
/// </summary>
internal static class RestCommand
{
    private const uint First = 0, Session = 1;
    private const int Failed = 125;

    private static readonly TimeSpan s_downMax = TimeSpan.FromSeconds(30);

    public static int Run()
    {
        try
        {
            using var emulator = new MonitorCommand().Boot();
            return Serve(emulator);
        }
        catch (Exception failed) when (failed is SyscallException or IOException)
        {
            Console.Error.WriteLine(failed.Message);
            return Failed;
        }
    }

    private static int Serve(Emulator emulator)
    {
        var wire = emulator.Wire;
        if (!HasStarted(emulator, First, out var code)) return code;
        wire.Send(FrameKind.Files, Session, Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(ExecCommand.FilesVariable) ?? ""));
        if (!HasStarted(emulator, Session, out code)) return code;
        using var down = new ManualResetEventSlim();
        using var relay = new ProcessRelay(wire, Session);
        var isDown = false;
        Threads.Start(() =>
        {
            while (wire.Receive() is { } frame)
            {
                if (frame.Kind == FrameKind.Down)
                {
                    isDown = true;
                    break;
                }
                if (frame.Session == Session) relay.Handle(frame);
            }
            relay.End(Failed);
            down.Set();
        });
        code = relay.Wait();
        wire.Send(FrameKind.Down, First);
        if (!down.Wait(s_downMax) || !isDown)
        {
            Console.Error.WriteLine($"the virtual machine did not go down in order: {emulator.LastWords()}");
            if (code == 0) code = Failed;
        }
        emulator.Kill();
        return code;
    }

    private static bool HasStarted(Emulator emulator, uint session, out int code)
    {
        while (emulator.Wire.Receive() is { } frame)
        {
            if (frame.Session != session || frame.Kind is not (FrameKind.Started or FrameKind.Failed)) continue;
            code = frame.Content.Length > 0 ? frame.Content[0] : 0;
            if (frame.Kind == FrameKind.Started) return true;
            Console.Error.WriteLine(frame.Content.Length > 1 ? Encoding.UTF8.GetString(frame.Content.AsSpan(1)) : "the virtual machine failed");
            emulator.Kill();
            return false;
        }
        code = Failed;
        Console.Error.WriteLine($"the virtual machine ended at its start: {emulator.LastWords()}");
        return false;
    }
}
