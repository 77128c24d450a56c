using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using Yun.Protocol;

namespace Yun.Node.Networks;

public static class MacAddress
{
    /// <summary>
    /// 02:42 and the IPv4 address, or four bytes that follow from an IPv6 address: when an address moves to another container, neighbours that remember the
    /// old one still reach the new.
    /// </summary>
    public static PhysicalAddress Of(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return new([0x02, 0x42, .. bytes.Length == 4 ? bytes : SHA256.HashData(bytes)[..4]]);
    }

    public static PhysicalAddress Parse(string text) =>
        PhysicalAddress.TryParse(text.Replace(':', '-'), out var address) && address.GetAddressBytes().Length == 6 && (address.GetAddressBytes()[0] & 1) == 0
            ? address
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid MAC address: {text}");

    /// <summary>In lower case with colons.</summary>
    public static string Text(PhysicalAddress address) => string.Join(':', address.GetAddressBytes().Select(part => part.ToString("x2")));
}
