using Yun.Linux.Netlink;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Networks;

public sealed partial class NetworkController
{
    /// <summary>Puts a running container on one more network.</summary>
    public async Task<Sandbox> ConnectAsync(string network, string containerId, EndpointSettings? settings, CancellationToken cancel = default)
    {
        var found = Find(network);
        var attachment = Running(containerId);
        var before = attachment.Record;
        if (before.Mode != "" || !_local.ContainsKey(found.Id))
            throw new EngineException(ErrorKind.InvalidArgument, found.Name == NetworkNames.Host || before.Mode == NetworkNames.Host ? "container cannot be disconnected from host network or connected to host network" : "container sharing network namespace with another container or host cannot be connected to any other network");
        if (before.Endpoints.Any(other => other.NetworkId == found.Id)) throw new EngineException(ErrorKind.Forbidden, $"endpoint with name {before.Name} already exists in network {found.Name}");
        RequireContainer(before);
        RequireJoinable(found);
        EndpointRecord endpoint;
        lock (_turn)
        {
            endpoint = NewEndpoint(before, found, settings ?? new EndpointSettings());
            attachment.Record = before with { Endpoints = [.. before.Endpoints, endpoint] };
        }
        try
        {
            await SaveAsync(attachment, attachment.Record);
            using (var inside = new RouteSocket(attachment.Namespace!))
            {
                RaiseEndpoint(attachment.Namespace!, inside, endpoint, machineUser: 0);
                SetGateways(inside, attachment.Record);
            }
            await MovePortsAsync(attachment, before);
            StartNameServer(attachment);
            return SandboxOf(attachment);
        }
        catch (Exception)
        {
            await DisconnectAsync(found.Id, containerId, force: true, CancellationToken.None);
            throw;
        }
    }

    private static void RequireContainer(AttachmentRecord record)
    {
        if (record.MachineUser != 0) throw new EngineException(ErrorKind.Conflict, $"the networks of virtual machine {record.Name} cannot change while it runs: stop it first");
    }

    /// <param name="force">Taken for Docker's sake: a container that runs is always let go.</param>
    public async Task<Sandbox> DisconnectAsync(string network, string containerId, bool force, CancellationToken cancel = default)
    {
        var found = Find(network);
        var attachment = Running(containerId);
        var before = attachment.Record;
        if (before.Mode == NetworkNames.Host) throw new EngineException(ErrorKind.Forbidden, "container cannot be disconnected from host network or connected to host network");
        if (before.Endpoints.Find(other => other.NetworkId == found.Id) is not { } endpoint)
            throw new EngineException(ErrorKind.Forbidden, $"container {containerId} is not connected to network {found.Name}");
        RequireContainer(before);
        attachment.Record = before with { Endpoints = [.. before.Endpoints.Where(other => other != endpoint)] };
        await MovePortsAsync(attachment, before);
        if (IsOnBridge(endpoint))
            using (var host = new RouteSocket()) DeleteLink(host, _names.Veth(endpoint.EndpointId));
        lock (_turn) Release(endpoint);
        using (var inside = new RouteSocket(attachment.Namespace!))
        {
            if (!IsOnBridge(endpoint)) DeleteLink(inside, endpoint.Interface);
            SetGateways(inside, attachment.Record);
        }
        StartNameServer(attachment);
        await SaveAsync(attachment, attachment.Record);
        return SandboxOf(attachment);
    }

    /// <summary>Changes the name that the container's neighbours know it by.</summary>
    public async Task RenameAsync(string containerId, string name, CancellationToken cancel = default)
    {
        if (_attachments.TryGetValue(containerId, out var attachment)) await SaveAsync(attachment, attachment.Record with { Name = name });
    }

    /// <summary>When another endpoint has become the way outside, the published ports lead to it from now on.</summary>
    private async Task MovePortsAsync(Attachment attachment, AttachmentRecord before)
    {
        var (from, to) = (TargetsOf(before), TargetsOf(attachment.Record));
        if (from == to) return;
        if (attachment.Ports is { } held)
        {
            Unpublish(held.Ports, from);
            held.Dispose();
            attachment.Ports = null;
        }
        // The same host ports, also where the container's wish left them open.
        if (!to.IsEmpty && before.Ports.Count > 0) attachment.Ports = _ports.TakeAgain(before.Ports, to);
        else
        {
            attachment.Record = attachment.Record with { Ports = [] };
            ReservePorts(attachment);
        }
        if (attachment.Ports is { } moved) Publish(moved.Ports, to);
        await SaveAsync(attachment, attachment.Record);
    }

    private Attachment Running(string containerId) =>
        _attachments.TryGetValue(containerId, out var attachment) ? attachment : throw new EngineException(ErrorKind.Conflict, $"container {containerId} is not running");
}
