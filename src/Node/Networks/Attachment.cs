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

    public void Dispose()
    {
        Ports?.Dispose();
        NameServer?.Dispose();
        Namespace?.Dispose();
        Ports = null;
        NameServer = null;
        Namespace = null;
    }
}
