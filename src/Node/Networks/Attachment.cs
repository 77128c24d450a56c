using Microsoft.Win32.SafeHandles;

namespace Yun.Node.Networks;

/// <summary>A container on its networks: the record, and what this process holds for it.</summary>
internal sealed class Attachment(AttachmentRecord record) : IDisposable
{
    private volatile AttachmentRecord _record = record;

    /// <summary>Never changed in place, so that readers need no lock.</summary>
    internal AttachmentRecord Record { get => _record; set => _record = value; }

    internal SafeFileHandle? Namespace { get; set; }
    internal PortLease? Ports { get; set; }
    internal NameServer? NameServer { get; set; }
    /// <summary>For a whole virtual machine: one for each interface.</summary>
    internal List<GuestService> GuestServices { get; } = [];

    public void Dispose()
    {
        Ports?.Dispose();
        NameServer?.Dispose();
        foreach (var service in GuestServices) service.Dispose();
        GuestServices.Clear();
        Namespace?.Dispose();
        Ports = null;
        NameServer = null;
        Namespace = null;
    }
}
