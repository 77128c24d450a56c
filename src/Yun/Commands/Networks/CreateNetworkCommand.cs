using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Networks;

/// <summary><c>yun network create</c>.</summary>
public sealed class CreateNetworkCommand : Command
{
    private readonly Flag _attachable, _configOnly, _ingress, _internal, _ipv4, _ipv6;
    private readonly ListOption<KeyValuePair<string, string>> _auxAddress, _ipamOptions, _options;
    private readonly Setting<string?> _configFrom, _scope;
    private readonly Setting<string> _driver, _ipamDriver;
    private readonly ListOption<string> _gateways, _labels, _ranges, _subnets;

    public CreateNetworkCommand() : base("[OPTIONS] NETWORK")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _attachable = AddFlag("attachable", null, "Enable manual container attachment");
        _auxAddress = AddMap("aux-address", null, "Auxiliary IPv4 or IPv6 addresses used by Network driver");
        _configFrom = AddText("config-from", null, "The network from which to copy the configuration");
        _configOnly = AddFlag("config-only", null, "Create a configuration only network");
        _driver = AddText("driver", 'd', "Driver to manage the Network", "bridge", "string");
        _gateways = AddStrings("gateway", null, "IPv4 or IPv6 Gateway for the master subnet");
        _ingress = AddFlag("ingress", null, "Create swarm routing-mesh network");
        _internal = AddFlag("internal", null, "Restrict external access to the network");
        _ranges = AddStrings("ip-range", null, "Allocate container ip from a sub-range");
        _ipamDriver = AddText("ipam-driver", null, "IP Address Management Driver", "default", "string");
        _ipamOptions = AddMap("ipam-opt", null, "Set IPAM driver specific options");
        _ipv4 = AddFlag("ipv4", null, "Enable or disable IPv4 address assignment", value: true);
        _ipv6 = AddFlag("ipv6", null, "Enable or disable IPv6 address assignment");
        _labels = AddList("label", null, "Set metadata on a network");
        _options = AddMap("opt", 'o', "Set driver specific options");
        _scope = AddText("scope", null, "Control the network's scope");
        _subnets = AddStrings("subnet", null, "Subnet in CIDR format that represents a network segment");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var request = new NetworkCreateRequest
        {
            Name = arguments[0],
            Driver = _driver.Value,
            Scope = _scope.Value,
            EnableIpv4 = _ipv4.IsSet ? _ipv4.Value : null,
            EnableIpv6 = _ipv6.IsSet ? _ipv6.Value : null,
            Ipam = new NetworkIpam
            {
                Driver = _ipamDriver.Value,
                Options = KeyValue.ToMap(_ipamOptions.Values) ?? [],
                Config = IpamPools.Join(_subnets.Values, _ranges.Values, _gateways.Values, KeyValue.ToMap(_auxAddress.Values) ?? []),
            },
            Internal = _internal,
            Attachable = _attachable,
            Ingress = _ingress,
            ConfigOnly = _configOnly,
            ConfigFrom = _configFrom.Value is { } from ? new NetworkConfigFrom { Network = from } : null,
            Options = KeyValue.ToMap(_options.Values) ?? [],
            Labels = KeyValue.ToMap(_labels.Values) ?? [],
        };
        using var response = session.Api.Post("/networks/create", request, DockerApiJson.Default.NetworkCreateRequest);
        var created = response.Read(DockerApiJson.Default.NetworkCreateResponse);
        if (created.Warning.Length > 0) session.Error.WriteLine($"WARNING: {created.Warning}");
        session.Out.WriteLine(created.Id);
        return 0;
    }
}
