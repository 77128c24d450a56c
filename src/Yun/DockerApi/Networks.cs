using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Networks;
using Yun.Protocol;
using NetworkIpam = Yun.DockerApi.Model.NetworkIpam;

namespace Yun.DockerApi;

public static class NetworksRoutes
{
    public static void MapNetworks(this IEndpointRouteBuilder routes)
    {
        var networks = routes.MapGroup("/networks");
        networks.MapGet("", List);
        networks.MapGet("/{id}", Inspect);
        networks.MapPost("/create", CreateAsync);
        networks.MapPost("/prune", PruneAsync);
        networks.MapPost("/{id}/connect", ConnectAsync);
        networks.MapPost("/{id}/disconnect", DisconnectAsync);
        networks.MapDelete("/{id}", RemoveAsync);
    }

    private static JsonHttpResult<List<NetworkInspect>> List(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("dangling", "driver", "id", "label", "name", "scope", "type");
        var found = engine.Networks.List().Where(network => Matches(engine, network, filters));
        return TypedResults.Json(found.Select(network => Show(network, [])).ToList(), DockerApiJson.Default.ListNetworkInspect);
    }

    private static JsonHttpResult<NetworkInspect> Inspect(string id, Engine engine)
    {
        var network = engine.Networks.Find(id);
        return TypedResults.Json(Show(network, engine.Networks.EndpointsOf(network)), DockerApiJson.Default.NetworkInspect);
    }

    private static async Task<JsonHttpResult<NetworkCreateResponse>> CreateAsync(HttpContext context, Engine engine)
    {
        var asked = await context.ReadBodyAsync(DockerApiJson.Default.NetworkCreateRequest);
        if (asked.Ingress || asked.Scope is "swarm" or "global" || asked.Driver is "overlay")
            throw new EngineException(ErrorKind.Unavailable, SwarmRoutes.NotManager);
        var network = await engine.Networks.CreateAsync(Wish(asked), context.RequestAborted);
        Publish(engine, "create", network);
        return TypedResults.Json(new NetworkCreateResponse { Id = network.Id }, DockerApiJson.Default.NetworkCreateResponse, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<NoContent> RemoveAsync(string id, HttpContext context, Engine engine)
    {
        var network = engine.Networks.Find(id);
        await engine.Networks.RemoveAsync(network.Id, context.RequestAborted);
        Publish(engine, "destroy", network);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<NetworkPruneResponse>> PruneAsync(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("label", "label!", "until");
        var until = PruneUntil.Of(filters, engine.Time.GetUtcNow()) ?? DateTimeOffset.MaxValue;
        // A container that is stopped comes back to its networks, so they are in use.
        var inUse = engine.Containers.List().SelectMany(container => container.Record.WantedEndpoints.Keys.Append(container.Record.NetworkMode)).ToHashSet();
        var removed = await engine.Networks.PruneAsync(network => network.Created < until && filters.MatchesLabels(network.Labels), inUse, context.RequestAborted);
        if (removed.Count > 0) engine.Events.Publish("network", "prune", "", new Dictionary<string, string> { ["reclaimed"] = "0" });
        return TypedResults.Json(new NetworkPruneResponse { NetworksDeleted = removed.Count == 0 ? null : [.. removed] }, DockerApiJson.Default.NetworkPruneResponse);
    }

    private static async Task<Ok> ConnectAsync(string id, HttpContext context, Engine engine)
    {
        var asked = await context.ReadBodyAsync(DockerApiJson.Default.NetworkConnectRequest);
        await engine.Containers.Find(asked.Container).ConnectAsync(engine.Networks.Find(id), asked.EndpointConfig, context.RequestAborted);
        return TypedResults.Ok();
    }

    private static async Task<Ok> DisconnectAsync(string id, HttpContext context, Engine engine)
    {
        var asked = await context.ReadBodyAsync(DockerApiJson.Default.NetworkDisconnectRequest);
        await engine.Containers.Find(asked.Container).DisconnectAsync(engine.Networks.Find(id), asked.Force, context.RequestAborted);
        return TypedResults.Ok();
    }

    private static Network Wish(NetworkCreateRequest asked) => new()
    {
        Name = asked.Name, Driver = asked.Driver ?? "", Internal = asked.Internal, Attachable = asked.Attachable, ConfigOnly = asked.ConfigOnly, ConfigFrom = asked.ConfigFrom?.Network ?? "",
        EnableIpv4 = asked.EnableIpv4 ?? true, EnableIpv6 = asked.EnableIpv6 ?? false, Options = asked.Options ?? [], Labels = asked.Labels ?? [],
        Ipam = new Yun.Node.Networks.NetworkIpam
        {
            Driver = asked.Ipam?.Driver ?? "", Options = asked.Ipam?.Options,
            Config = [.. (asked.Ipam?.Config ?? []).Select(pool => new NetworkIpamConfig { Subnet = pool.Subnet, IpRange = pool.IpRange, Gateway = pool.Gateway, AuxiliaryAddresses = pool.AuxiliaryAddresses })],
        },
    };

    private static NetworkInspect Show(Network network, IReadOnlyList<NetworkMember> members) => new()
    {
        Name = network.Name, Id = network.Id, Created = network.Created, Scope = network.Scope, Driver = network.Driver, EnableIpv4 = network.EnableIpv4, EnableIpv6 = network.EnableIpv6,
        Internal = network.Internal, Attachable = network.Attachable, ConfigOnly = network.ConfigOnly, ConfigFrom = new NetworkConfigFrom { Network = network.ConfigFrom }, Options = network.Options, Labels = network.Labels,
        Ipam = new NetworkIpam
        {
            Driver = network.Ipam.Driver, Options = network.Ipam.Options,
            Config = [.. network.Ipam.Config.Select(pool => new NetworkIpamPool { Subnet = pool.Subnet, IpRange = pool.IpRange, Gateway = pool.Gateway, AuxiliaryAddresses = pool.AuxiliaryAddresses })],
        },
        Containers = members.ToDictionary(member => member.ContainerId, member => new NetworkContainer { Name = member.Name, EndpointId = member.EndpointId, MacAddress = member.MacAddress, Ipv4Address = member.Ipv4Address, Ipv6Address = member.Ipv6Address }),
    };

    /// <summary>Values of one filter are alternatives; filters must all match.</summary>
    private static bool Matches(Engine engine, Network network, Dictionary<string, IReadOnlyList<string>> filters) =>
        filters.MatchesAny("driver", driver => network.Driver == driver)
        && filters.MatchesAny("id", id => network.Id.StartsWith(id, StringComparison.Ordinal))
        && filters.MatchesAny("name", name => network.Name.Contains(name, StringComparison.Ordinal))
        && filters.MatchesAny("scope", scope => network.Scope == scope)
        && filters.MatchesAny("type", type => type switch
        {
            "builtin" => network.IsPredefined,
            "custom" => !network.IsPredefined,
            _ => throw new EngineException(ErrorKind.InvalidArgument, $"invalid filter: 'type'='{type}'"),
        })
        && filters.MatchesAny("dangling", dangling => (dangling is "1" or "true") == (!network.IsPredefined && engine.Networks.EndpointsOf(network).Count == 0))
        && filters.MatchesLabels(network.Labels);

    private static void Publish(Engine engine, string action, Network network) =>
        engine.Events.Publish("network", action, network.Id, new Dictionary<string, string> { ["name"] = network.Name, ["type"] = network.Driver });
}
