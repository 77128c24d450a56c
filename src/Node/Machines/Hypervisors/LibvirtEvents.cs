using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Yun.Node.Events;

namespace Yun.Node.Machines.Hypervisors;

/// <summary>What happens to the machines of a connection, in the words that events of machines have here.</summary>
internal sealed unsafe class LibvirtEvents(string uri, EventBus events)
{
    // Pinned for as long as libvirt may call, which is the life of the daemon.
    private GCHandle _self;

    public void Subscribe(LibvirtConnection connection)
    {
        if (!_self.IsAllocated) _self = GCHandle.Alloc(this);
        connection.Check(Libvirt.virConnectDomainEventRegisterAny(connection.Handle, 0, Libvirt.LifecycleEvents, &OnEvent, GCHandle.ToIntPtr(_self), 0));
    }

    // virDomainEventType and its details.
    private static (string? Action, string Cause) Words(int what, int detail) => what switch
    {
        0 => (detail == 0 ? "create" : null, ""),
        1 => ("destroy", ""),
        2 => ("start", detail switch { 1 => "it moved here", 2 => "it was restored", 3 => "from a snapshot", _ => "" }),
        3 => ("pause", detail switch { 1 => "it moves", 2 => "a disk failed", 3 => "its watchdog", _ => "" }),
        4 => ("resume", ""),
        5 => ("die", detail switch { 0 => "the guest shut down", 1 => "it was killed", 2 => "it crashed", 3 => "it moved away", 4 => "it was saved", 5 => "its hypervisor failed", _ => "" }),
        8 => ("panic", "the guest panicked"),
        _ => (null, ""),
    };

    private void Publish(nint domain, int what, int detail)
    {
        if (Words(what, detail) is not ({ } action, var cause)) return;
        var attributes = new Dictionary<string, string> { ["name"] = Marshal.PtrToStringUTF8((nint)Libvirt.virDomainGetName(domain)) ?? "", ["hypervisor"] = uri };
        if (cause != "") attributes["cause"] = cause;
        events.Publish("machine", action, LibvirtHypervisor.IdOf(domain), attributes);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnEvent(nint connection, nint domain, int what, int detail, nint data)
    {
        // No exception may leave into C.
        try { (GCHandle.FromIntPtr(data).Target as LibvirtEvents)?.Publish(domain, what, detail); }
        catch (Exception) { }
        return 0;
    }
}
