using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Yun.Linux.Netlink;

/// <summary>
/// The one thread that leaves the host's network namespace, and is back in it before it tells anyone that an errand is done: a thread inherits the
/// namespace of the one that starts it, so nothing that might start one (the thread pool does, when work is queued) may happen while it is away.
/// </summary>
internal sealed unsafe class NamespaceThread
{
    // Longer than the kernel takes under any load seen; whoever waits beyond it is told, and the thread goes on by itself.
    private static readonly TimeSpan s_errandMax = TimeSpan.FromSeconds(30);

    private readonly BlockingCollection<Errand> _errands = [];
    private readonly SafeFileHandle _home = File.OpenHandle("/proc/self/ns/net");

    internal NamespaceThread()
    {
        // Small, for it calls nothing deep; a background thread, for it holds nothing that must be finished.
        new Thread(Serve, maxStackSize: 256 * 1024) { IsBackground = true, Name = "network namespaces" }.Start();
    }

    internal void Run(Action work)
    {
        var errand = new Errand(work);
        _errands.Add(errand);
        if (!errand.Done.Wait(s_errandMax)) throw new SyscallException("setns", Errno.ETIMEDOUT, "network namespace");
    }

    private void Serve()
    {
        var home = (int)_home.DangerousGetHandle();
        foreach (var errand in _errands.GetConsumingEnumerable())
        {
            errand.Work();
            // Root can always return to a namespace it has open; a thread that cannot would do the next errand's work in a container.
            if (NetlinkNative.setns(home, NetlinkNative.CloneNewNet) < 0) Environment.FailFast($"cannot return to the host's network namespace: {(Errno)Marshal.GetLastPInvokeError()}");
            errand.Done.Set();
        }
    }

    private sealed class Errand(Action work)
    {
        public Action Work { get; } = work;
        public ManualResetEventSlim Done { get; } = new();
    }
}
