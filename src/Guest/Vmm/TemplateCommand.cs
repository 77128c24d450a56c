using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary><c>yun-guest template</c>: boots a guest up to its first word, and writes down its memory and devices for others to go on from.</summary>
internal static class TemplateCommand
{
    private const int Failed = 125;
    // Those that go on from it begin by themselves, though this one was stopped when it was written down.
    private static readonly string[] s_arguments = ["-global", "migration.store-global-state=off", "-chardev", "socket,id=qmp,fd=4", "-mon", "chardev=qmp,mode=control"];

    public static int Run()
    {
        var report = new EngineReport();
        try
        {
            var (ours, theirs) = UnixSocket.Pair();
            using var qmp = ours;
            using var emulator = Emulator.Start([.. MachineFolder.Arguments, .. s_arguments], theirs);
            theirs.Dispose();
            if (emulator.AwaitFrame(MachineFolder.Deadline) is not { Kind: FrameKind.Hello }) throw new IOException($"the virtual machine did not come up: {emulator.LastWords()}");
            using (var state = PathDescriptor.Open(null, MachineFolder.State, OpenFlags.WriteOnly)) Write(new UnixSocket(qmp), state);
            emulator.Kill();
            report.Started();
            report.Finish();
            return 0;
        }
        catch (Exception failed) when (failed is SyscallException or IOException)
        {
            report.Failed(Failed, failed.Message);
            report.Finish();
            return Failed;
        }
    }

    // The guest stands still meanwhile: an emulated one's memory comes out wrong otherwise.
    private static void Write(UnixSocket qmp, Microsoft.Win32.SafeHandles.SafeFileHandle state)
    {
        Read(qmp);
        Ask("""{"execute":"qmp_capabilities"}""");
        Ask("""{"execute":"stop"}""");
        Ask("""{"execute":"getfd","arguments":{"fdname":"state"}}""", (int)state.DangerousGetHandle());
        Ask("""{"execute":"migrate","arguments":{"uri":"fd:state"}}""");
        for (string said; !(said = Ask("""{"execute":"query-migrate"}""")).Contains("\"completed\"", StringComparison.Ordinal); Thread.Sleep(10))
            if (said.Contains("\"failed\"", StringComparison.Ordinal)) throw new IOException($"its memory was not written: {said}");

        string Ask(string command, params ReadOnlySpan<int> descriptors)
        {
            qmp.Send(Encoding.UTF8.GetBytes(command), descriptors);
            // Events come in between.
            while (true)
            {
                var said = Read(qmp);
                if (said.StartsWith("{\"return\"", StringComparison.Ordinal)) return said;
                if (said.StartsWith("{\"error\"", StringComparison.Ordinal)) throw new IOException($"QEMU refused {command}: {said}");
            }
        }
    }

    private static string Read(UnixSocket qmp)
    {
        var line = new StringBuilder();
        Span<byte> one = stackalloc byte[1];
        while (Descriptors.Read(qmp.Handle, one, out _) == 1)
        {
            if (one[0] == '\n') return line.ToString();
            line.Append((char)one[0]);
        }
        throw new IOException("QEMU has ended");
    }
}
