using System.Globalization;
using System.Net;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>A network that is divided among those that name no subnet of their own: dockerd's <c>--default-address-pool</c>.</summary>
/// <param name="PrefixLength">Of each of the parts.</param>
public sealed record AddressPoolBase(IPNetwork Base, int PrefixLength)
{
    /// <param name="text"><c>base=10.0.0.0/8,size=24</c></param>
    public static AddressPoolBase Parse(string text)
    {
        IPNetwork? network = null;
        var size = 0;
        foreach (var field in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (field.StartsWith("base=", StringComparison.OrdinalIgnoreCase) && IPNetwork.TryParse(field[5..], out var parsed)) network = parsed;
            else if (!field.StartsWith("size=", StringComparison.OrdinalIgnoreCase) || !int.TryParse(field[5..], NumberStyles.None, CultureInfo.InvariantCulture, out size)) throw Wrong(text, "it must be base=NETWORK/LENGTH,size=LENGTH");
        }
        if (network is not { } found) throw Wrong(text, "it has no base");
        if (size < found.PrefixLength || size > found.BaseAddress.GetAddressBytes().Length * 8 - 2) throw Wrong(text, $"its size must be {found.PrefixLength} to {found.BaseAddress.GetAddressBytes().Length * 8 - 2}");
        return new AddressPoolBase(found, size);
    }

    /// <summary>The parts, in order.</summary>
    internal IEnumerable<IPNetwork> Subnets()
    {
        var host = Base.BaseAddress.GetAddressBytes().Length * 8 - PrefixLength;
        // More networks than these nobody makes on one machine.
        var count = Math.Min(PrefixLength - Base.PrefixLength, 20);
        for (var i = 0; i < 1 << count; i++) yield return new IPNetwork(AddressPool.At(Base, (UInt128)i << host), PrefixLength);
    }

    private static EngineException Wrong(string text, string why) => new(ErrorKind.InvalidArgument, $"The address pool {text} cannot be used: {why}.");
}
