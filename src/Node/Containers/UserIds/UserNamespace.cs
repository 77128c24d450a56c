using System.Text.Json.Serialization;
using Yun.Archives;
using Yun.Oci;

namespace Yun.Node.Containers.UserIds;

/// <summary>A container's user namespace: which ids inside are which on this machine. It is the container's as long as there is the container, since its changes on disk have these owners.</summary>
public sealed record UserNamespace
{
    public IReadOnlyList<SpecIdMapping> Users { get; init; } = [];
    public IReadOnlyList<SpecIdMapping> Groups { get; init; } = [];

    /// <summary>Folders of the machine, too, are shown as if their files' owners were those inside; else as they are, as Docker's <c>userns-remap</c> does.</summary>
    public bool ShiftsBinds { get; init; }

    /// <summary>Changes are kept on disk with the owners they have inside, for work that takes the upper directory as it is.</summary>
    public bool KeepsOwnersInside { get; init; }

    [JsonIgnore] public OwnerMap Owners => new([.. Users.Select(Range)], [.. Groups.Select(Range)]);

    /// <summary>The other way round: what shows a disk's ids as those inside.</summary>
    [JsonIgnore] public UserNamespace Inverse => new() { Users = [.. Users.Select(Turned)], Groups = [.. Groups.Select(Turned)] };

    /// <summary>Root's id on this machine; null where there is none inside.</summary>
    [JsonIgnore] public uint? RootUser => OnMachine(Users, 0);

    [JsonIgnore] public uint? RootGroup => OnMachine(Groups, 0);

    private static uint? OnMachine(IReadOnlyList<SpecIdMapping> ids, uint inside) =>
        ids.FirstOrDefault(range => inside >= range.ContainerId && inside - range.ContainerId < range.Size) is { } range ? range.HostId + (inside - range.ContainerId) : null;

    public bool HasIdsOf(UserNamespace other) => Same(Users, other.Users) && Same(Groups, other.Groups);

    /// <summary>With as many ids from a number on, users' and groups' alike.</summary>
    public static UserNamespace Of(IdRange range) => new()
    {
        Users = [new SpecIdMapping { HostId = range.Start, Size = range.Count }], Groups = [new SpecIdMapping { HostId = range.Start, Size = range.Count }],
    };

    private static bool Same(IReadOnlyList<SpecIdMapping> some, IReadOnlyList<SpecIdMapping> others) =>
        some.Select(range => (range.ContainerId, range.HostId, range.Size)).SequenceEqual(others.Select(range => (range.ContainerId, range.HostId, range.Size)));

    private static OwnerRange Range(SpecIdMapping ids) => new(ids.ContainerId, ids.HostId, ids.Size);

    private static SpecIdMapping Turned(SpecIdMapping ids) => new() { ContainerId = ids.HostId, HostId = ids.ContainerId, Size = ids.Size };
}
