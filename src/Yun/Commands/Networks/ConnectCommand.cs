using Yun.Commands.CommandLine;
using Yun.Commands.Containers;
using Yun.DockerApi.Model;

namespace Yun.Commands.Networks;

/// <summary><c>yun network connect</c>.</summary>
public sealed class ConnectCommand : Command
{
    private readonly ListOption<string> _aliases, _driverOptions, _links, _linkLocal;
    private readonly Setting<long?> _gatewayPriority;
    private readonly Setting<string?> _ip, _ip6;

    public ConnectCommand() : base("[OPTIONS] NETWORK CONTAINER")
    {
        ArgumentsMin = ArgumentsMax = 2;
        _aliases = AddStrings("alias", null, "Add network-scoped alias for the container");
        _driverOptions = AddStrings("driver-opt", null, "driver options for the network");
        _gatewayPriority = AddNumber("gw-priority", null, "Highest gw-priority provides the default gateway. Accepts positive and negative values.");
        _ip = AddText("ip", null, "IPv4 address (e.g., \"172.30.100.104\")");
        _ip6 = AddText("ip6", null, "IPv6 address (e.g., \"2001:db8::33\")");
        _links = AddList("link", null, "Add link to another container");
        _linkLocal = AddStrings("link-local-ip", null, "Add a link-local address for the container");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var network = new NetworkArgument(arguments[0])
        {
            Aliases = [.. _aliases.Values], Links = [.. _links.Values], LinkLocal = [.. _linkLocal.Values], Ipv4 = _ip.Value, Ipv6 = _ip6.Value,
            DriverOptions = KeyValue.ToMap(_driverOptions.Values), GatewayPriority = (int)(_gatewayPriority.Value ?? 0),
        };
        var request = new NetworkConnectRequest { Container = arguments[1], EndpointConfig = network.ToEndpoint() };
        using var response = session.Api.Post($"/networks/{arguments[0]}/connect", request, DockerApiJson.Default.NetworkConnectRequest);
        return 0;
    }
}
