using System.Runtime.InteropServices;
using Yun.Protocol;
using static Yun.Node.Machines.Hypervisors.Libvirt;

namespace Yun.Node.Machines.Hypervisors;

/// <summary>One open connection. libvirt keeps its last error for each thread, so a call and the question why it failed are made by the same one.</summary>
internal sealed unsafe class LibvirtConnection
{
    private static readonly Lazy<bool> s_ready = new(() =>
    {
        Initialize();
        return true;
    });

    private const string Schema = "/usr/share/libvirt/schemas/domain.rng";

    private readonly string _uri;

    /// <exception cref="EngineException">NotImplemented: libvirt is not installed. Unavailable: there is nothing at that URI; libvirt's words.</exception>
    public LibvirtConnection(string uri)
    {
        _uri = uri;
        try { _ = s_ready.Value; }
        catch (DllNotFoundException missing) { throw new EngineException(ErrorKind.NotImplemented, $"The hypervisor {uri} is reached through libvirt, which this machine does not have: install libvirt0 (libvirt.so.0).", missing); }
        Handle = virConnectOpen(uri);
        if (Handle == 0) throw new EngineException(ErrorKind.Unavailable, $"The hypervisor {uri} cannot be reached: {LastError}");
    }

    public nint Handle { get; }

    public bool IsAlive => virConnectIsAlive(Handle) == 1;

    /// <summary>QEMU, Xen, TEST, VBOX, ESX, Hyper-V…</summary>
    public string Kind => Marshal.PtrToStringUTF8((nint)virConnectGetType(Handle)) ?? "";

    public string Capabilities => Take(virConnectGetCapabilities(Handle));

    private static string LastError => Marshal.PtrToStringUTF8((nint)virGetLastErrorMessage()) ?? "it does not say why";

    public void Check(int result)
    {
        if (result < 0) throw Failure();
    }

    /// <summary>By name or id. To be freed.</summary>
    public nint Find(string name)
    {
        var found = Guid.TryParse(name, out var uuid) ? virDomainLookupByUUIDString(Handle, uuid.ToString()) : 0;
        if (found == 0) found = virDomainLookupByName(Handle, name);
        return found != 0 ? found : virGetLastErrorCode() == NoDomain ? throw new EngineException(ErrorKind.NotFound, $"No such machine at {_uri}: {name}") : throw Failure();
    }

    public bool Has(string name)
    {
        var found = virDomainLookupByName(Handle, name);
        if (found != 0) _ = virDomainFree(found);
        return found != 0;
    }

    public List<nint> Domains()
    {
        nint* domains;
        var count = virConnectListAllDomains(Handle, &domains, 0);
        Check(count);
        var all = new Span<nint>(domains, count).ToArray();
        NativeMemory.Free(domains);
        return [.. all];
    }

    /// <summary>Validated against libvirt's schema, where that is installed: here, or where the URI leads.</summary>
    public nint Define(string xml) => virDomainDefineXMLFlags(Handle, xml, new Uri(_uri).Host != "" || File.Exists(Schema) ? DefineValidate : 0) is var made and not 0 ? made : throw Failure();

    /// <summary>What libvirt said of the last call of this thread.</summary>
    public EngineException Failure() => new(virGetLastErrorCode() switch
    {
        NoDomain => ErrorKind.NotFound,
        OperationInvalid => ErrorKind.Conflict,
        NoSupport or OperationUnsupported => ErrorKind.NotImplemented,
        ConfigUnsupported or InvalidArgument or XmlError or XmlDetail => ErrorKind.InvalidArgument,
        _ => ErrorKind.Internal,
    }, $"{_uri}: {LastError}");
}
