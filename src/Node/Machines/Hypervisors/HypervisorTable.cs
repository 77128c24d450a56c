using System.Collections.Concurrent;
using Yun.Protocol;

namespace Yun.Node.Machines.Hypervisors;

/// <summary>The hypervisors of a daemon: its own, and those that were asked for by URI, whose connections stay.</summary>
public sealed class HypervisorTable(Engine engine)
{
    private const int UriMax = 1024, UrisMax = 64;

    private readonly ConcurrentDictionary<string, LibvirtHypervisor> _byUri = new(StringComparer.Ordinal);

    public IHypervisor Own { get; } = new OwnHypervisor(engine);

    /// <param name="uri">As libvirt takes it: <c>qemu:///system</c>, <c>xen:///system</c>, <c>vbox:///session</c>, <c>esx://host/</c>… Null or empty is the daemon's own.</param>
    public IHypervisor Of(string? uri)
    {
        if (string.IsNullOrEmpty(uri)) return Own;
        if (uri.Length > UriMax || uri.Any(char.IsControl) || !Uri.TryCreate(uri, UriKind.Absolute, out _)) throw new EngineException(ErrorKind.InvalidArgument, $"'{uri}' is no URI of a hypervisor: it is one as qemu:///system, xen:///system or esx://host/.");
        if (_byUri.Count >= UrisMax && !_byUri.ContainsKey(uri)) throw new EngineException(ErrorKind.Conflict, $"The daemon knows {UrisMax} hypervisors already, and forgets them when it is started again.");
        return _byUri.GetOrAdd(uri, _ => new LibvirtHypervisor(uri, engine.Events));
    }
}
