using Microsoft.Win32.SafeHandles;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Init;

/// <summary>The first process of a virtual machine: makes ready what every process needs, then does what comes over the wire.</summary>
internal static class GuestInit
{
    /// <summary>The port's name, as the emulator's command line has it.</summary>
    private const string PortName = "yun";

    private static readonly TimeSpan s_portMax = TimeSpan.FromSeconds(30);

    public static int Run()
    {
        try
        {
            Mount("proc", "/proc");
            Mount("sysfs", "/sys");
            Mount("devtmpfs", "/dev");
            GuestModules.LoadEarly();
            using var wire = new FrameStream(OpenPort());
            using var server = new GuestServer(wire);
            server.Serve();
        }
        catch (Exception failed)
        {
            // The console's last words are what the monitor tells.
            Console.Error.WriteLine($"yun-guest: {failed.Message}");
        }
        BootedMachine.PowerOff();
        return 1;
    }

    private static void Mount(string type, string path)
    {
        Files.TryMakeDirectory(path, 0x1ED);
        using var mount = MountTree.New(type, []);
        MountTree.Attach(mount, path);
    }

    private static SafeFileHandle OpenPort()
    {
        for (var began = Environment.TickCount64; Environment.TickCount64 - began < s_portMax.TotalMilliseconds; Thread.Sleep(2))
        {
            foreach (var port in KernelFile.Names("/sys/class/virtio-ports"))
            {
                if (KernelFile.TryRead($"/sys/class/virtio-ports/{port}/name")?.Trim() != PortName) continue;
                if (PathDescriptor.TryOpen(null, $"/dev/{port}", OpenFlags.ReadWrite | OpenFlags.CloseOnExec, out var opened) == Errno.None && HasPeer(opened!)) return opened!;
                opened?.Dispose();
            }
        }
        throw new TimeoutException($"the machine has no virtio port named {PortName} with somebody at its other end");
    }

    // Until the other end is known to be there, reads end at once and polls say that it has hung up.
    private static bool HasPeer(SafeFileHandle port)
    {
        Span<PollEntry> entries = [new((int)port.DangerousGetHandle(), PollEvents.Writable)];
        Poll.Wait(entries, 0);
        return (entries[0].Happened & PollEvents.HangUp) == 0;
    }
}
