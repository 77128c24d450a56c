using System.Security.Cryptography;
using System.Text;

namespace Yun.Node.Networks;

/// <summary>
/// Names of what we make in the kernel. All derive from the data root and an id, so that several daemons share a machine, and what belongs to nobody any
/// more can be told from what belongs to another. The kernel allows fifteen characters.
/// </summary>
public sealed class InterfaceNames
{
    private readonly string _root;

    public InterfaceNames(string dataRoot) =>
        _root = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataRoot)))))[..8];

    /// <summary>The nftables table, and the comment on every rule of ours in another's table.</summary>
    public string Table => $"yun-{_root}";

    public string DefaultBridge => $"yun-{_root}";

    public string Bridge(string networkId) => $"y{_root[..6]}-{networkId[..7]}";

    /// <summary>The other end of the pair that stands for a macvlan or ipvlan network without a parent.</summary>
    public string FarEnd(string networkId) => $"y{_root[..6]}-{networkId[..6]}p";

    public bool IsFarEnd(string name) => name.Length == 15 && name[^1] == 'p' && IsBridge(name);

    public string Veth(string endpointId) => $"{VethPrefix}{endpointId[..8]}";

    /// <summary>Interfaces of this name, and no others, are ends of our containers' pairs.</summary>
    public bool IsVeth(string name) => name.Length == VethPrefix.Length + 8 && name.StartsWith(VethPrefix, StringComparison.Ordinal);

    public bool IsBridge(string name) => name == DefaultBridge || name.StartsWith($"y{_root[..6]}-", StringComparison.Ordinal);

    private string VethPrefix => $"v{_root[..6]}";
}
