namespace Yun.Node.Events;

/// <summary>Something that happened: Docker's event message.</summary>
/// <param name="Type">container, image, network, volume, builder, daemon.</param>
/// <param name="Action">create, start, die… ; for some with words after a colon: <c>health_status: healthy</c>, <c>exec_create: sh</c>.</param>
/// <param name="ActorId">The container's id, the image's, the network's, the volume's name.</param>
public sealed record EngineEvent(string Type, string Action, string ActorId, IReadOnlyDictionary<string, string> Attributes, DateTimeOffset At);
