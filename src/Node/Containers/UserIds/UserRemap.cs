using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.UserIds;

/// <summary>dockerd's <c>--userns-remap</c>: one user namespace's ids for all containers, those of a user in subuid(5) and subgid(5).</summary>
public static class UserRemap
{
    private const string Default = "default", DefaultUser = "dockremap";

    /// <param name="text"><c>default</c>, or a user and optionally <c>:</c> and a group, by name or number.</param>
    /// <param name="own">What <c>default</c> takes where nobody has given its user any ids.</param>
    /// <exception cref="EngineException">There is no such user or group, or it was given no ids.</exception>
    public static UserNamespace Read(string text, SubordinateIds accounts, IdRange own)
    {
        if (text == Default)
        {
            if (accounts.FindUser(DefaultUser) is not { } user || accounts.UsersOf(user).Count == 0) return UserNamespace.Of(own with { Count = UserIdPool.Each });
            text = DefaultUser;
        }
        var parts = text.Split(':');
        if (parts.Length > 2 || parts[0].Length == 0) throw Wrong($"--userns-remap is {text}: it must be default, USER or USER:GROUP.");
        var owner = accounts.FindUser(parts[0]) ?? throw Wrong($"--userns-remap is {text}: there is no user {parts[0]}.");
        var group = parts.Length == 2 ? accounts.FindGroup(parts[1]) ?? throw Wrong($"--userns-remap is {text}: there is no group {parts[1]}.") : null;
        var users = accounts.UsersOf(owner);
        if (users.Count == 0) throw Wrong($"no subuid ranges found for user \"{owner.Name}\" in /etc/subuid: add one, such as {owner.Name}:100000:65536");
        // A group is seldom given ids by its own name.
        var groups = group is not null && accounts.GroupsOf(group) is { Count: > 0 } given ? given : accounts.GroupsOf(owner);
        if (groups.Count == 0) throw Wrong($"no subgid ranges found for user \"{owner.Name}\" in /etc/subgid: add one, such as {owner.Name}:100000:65536");
        return new UserNamespace { Users = Mapped(users), Groups = Mapped(groups) };
    }

    // One after the other, from 0 on.
    private static List<SpecIdMapping> Mapped(IReadOnlyList<IdRange> ranges)
    {
        var (mapped, inside) = (new List<SpecIdMapping>(), 0u);
        foreach (var range in ranges)
        {
            mapped.Add(new SpecIdMapping { ContainerId = inside, HostId = range.Start, Size = range.Count });
            inside = checked(inside + range.Count);
        }
        return mapped;
    }

    private static EngineException Wrong(string message) => new(ErrorKind.InvalidArgument, message);
}
