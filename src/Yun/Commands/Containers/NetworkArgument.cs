using System.Net;
using Yun.Commands.Format;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary><c>--network NAME</c>, or <c>--network name=NAME,alias=...,ip=...</c>.</summary>
public sealed record NetworkArgument(string Target)
{
    public List<string> Aliases { get; init; } = [];
    public List<string> LinkLocal { get; init; } = [];
    public List<string> Links { get; init; } = [];
    public Dictionary<string, string>? DriverOptions { get; init; }
    public string? Ipv4 { get; init; }
    public string? Ipv6 { get; init; }
    public string? MacAddress { get; init; }
    public int GatewayPriority { get; init; }

    public bool IsUserDefined => Target is not ("default" or "bridge" or "host" or "none") && NamespaceMode.SharedContainer(Target) is null;

    public bool HasSettings => Aliases.Count + LinkLocal.Count + Links.Count > 0 || DriverOptions is not null || Ipv4 is not null || Ipv6 is not null || MacAddress is not null
        || GatewayPriority != 0;

    public static NetworkArgument Parse(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal)) return new NetworkArgument(text);
        var argument = new NetworkArgument("");
        foreach (var field in text.Split(','))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) throw new FormatException($"invalid field {field}");
            var (key, value) = (field[..equals].Trim().ToLowerInvariant(), field[(equals + 1)..].Trim());
            argument = key switch
            {
                "name" => argument with { Target = value },
                "alias" => argument with { Aliases = [.. argument.Aliases, value] },
                "ip" => argument with { Ipv4 = CheckAddress(value) },
                "ip6" => argument with { Ipv6 = CheckAddress(value) },
                "mac-address" => argument with { MacAddress = value },
                "link-local-ip" => argument with { LinkLocal = [.. argument.LinkLocal, CheckAddress(value)] },
                "driver-opt" => argument with { DriverOptions = new(argument.DriverOptions ?? []) { [value.Split('=')[0]] = value[(value.IndexOf('=', StringComparison.Ordinal) + 1)..] } },
                "gw-priority" => argument with { GatewayPriority = (int)Numbers.ParseInteger(value) },
                _ => throw new FormatException($"invalid field key {key}"),
            };
        }
        return argument.Target.Length > 0 ? argument : throw new FormatException("network name/id is not specified");
    }

    public static NetworkingConfig ToEndpoints(IEnumerable<NetworkArgument> networks)
    {
        var endpoints = new Dictionary<string, EndpointSettings?>();
        foreach (var network in networks)
        {
            if (!network.IsUserDefined && network.Target != "default" && network.Aliases.Count > 0)
            {
                throw new FailureException("network-scoped aliases are only supported for user-defined networks", 125);
            }
            if (network.Target is "host" or "none" && network.MacAddress is not null)
            {
                throw new FailureException("conflicting options: mac-address and the network mode", 125);
            }
            if (!endpoints.TryAdd(network.Target, network.ToEndpoint())) throw new FailureException($"network \"{network.Target}\" is specified multiple times", 125);
        }
        return new NetworkingConfig { EndpointsConfig = endpoints };
    }

    public EndpointSettings ToEndpoint() => new()
    {
        Aliases = Aliases.Count > 0 ? Aliases : null,
        Links = Links.Count > 0 ? Links : null,
        DriverOpts = DriverOptions,
        MacAddress = MacAddress,
        GwPriority = GatewayPriority,
        IpamConfig = Ipv4 is null && Ipv6 is null && LinkLocal.Count == 0 ? null
            : new EndpointIpamConfig { Ipv4Address = Ipv4, Ipv6Address = Ipv6, LinkLocalIps = LinkLocal.Count > 0 ? LinkLocal : null },
    };

    public static string CheckAddress(string text) => IPAddress.TryParse(text, out _) ? text : throw new FormatException($"IP address is not correctly formatted: {text}");

    /// <summary><c>host:ip</c> or <c>host=ip</c>, the address in brackets or not.</summary>
    public static string CheckExtraHost(string text)
    {
        var divider = text.IndexOf('=', StringComparison.Ordinal);
        if (divider < 0) divider = text.IndexOf(':', StringComparison.Ordinal);
        if (divider <= 0) throw new FormatException($"bad format for add-host: \"{text}\"");
        var address = text[(divider + 1)..];
        if (address is ['[', .., ']']) address = address[1..^1];
        if (address != "host-gateway" && !IPAddress.TryParse(address, out _)) throw new FormatException($"invalid IP address in add-host: \"{address}\"");
        return $"{text[..divider]}:{address}";
    }
}
