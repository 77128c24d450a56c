using System.Globalization;

namespace Yun.Node.Containers.UserIds;

/// <summary>Ids that were given to somebody: by subuid(5) and subgid(5), or as a user's or group's own.</summary>
/// <param name="etc">The folder of the files.</param>
public sealed class SubordinateIds(string etc = "/etc")
{
    public sealed record Account(string Name, uint Id);

    /// <summary>By name or number; null when there is none.</summary>
    public Account? FindUser(string nameOrId) => Find("passwd", nameOrId);

    public Account? FindGroup(string nameOrId) => Find("group", nameOrId);

    /// <summary>What an account was given, in the order of the file.</summary>
    public IReadOnlyList<IdRange> UsersOf(Account account) => Of("subuid", account);

    public IReadOnlyList<IdRange> GroupsOf(Account account) => Of("subgid", account);

    /// <summary>All that is somebody's.</summary>
    public IReadOnlyList<IdRange> Taken() =>
        [.. ((string[])["subuid", "subgid"]).SelectMany(Ranges).Select(range => range.Ids), .. ((string[])["passwd", "group"]).SelectMany(Accounts).Select(account => new IdRange(account.Id, 1))];

    private Account? Find(string file, string nameOrId) =>
        Accounts(file).FirstOrDefault(account => account.Name == nameOrId) ?? (Number(nameOrId) is { } id ? Accounts(file).FirstOrDefault(account => account.Id == id) : null);

    private List<IdRange> Of(string file, Account account) => [.. Ranges(file).Where(range => range.Owner == account.Name || Number(range.Owner) == account.Id).Select(range => range.Ids)];

    private IEnumerable<(string Owner, IdRange Ids)> Ranges(string file) =>
        from fields in Lines(file)
        where fields.Length >= 3 && Number(fields[1]) is not null && Number(fields[2]) is > 0
        select (fields[0], new IdRange(Number(fields[1])!.Value, Number(fields[2])!.Value));

    private IEnumerable<Account> Accounts(string file) => from fields in Lines(file) where fields.Length >= 3 && Number(fields[2]) is not null select new Account(fields[0], Number(fields[2])!.Value);

    private IEnumerable<string[]> Lines(string file)
    {
        var path = Path.Combine(etc, file);
        return File.Exists(path) ? File.ReadLines(path).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(':')) : [];
    }

    private static uint? Number(string text) => uint.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
