using Yun.Node.Containers.UserIds;
using Yun.Protocol;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Containers.UserIds;

public sealed class UserIdPoolTests
{
    private readonly List<UserNamespace> _records = [];

    private UserIdPool Pool(string etc, uint count = 4 * 65536) => new(new IdRange(0x7000_0000, count), new SubordinateIds(etc), () => [.. _records]);

    [Fact]
    public void Nothing_is_given_twice_however_many_ask_at_once_and_what_was_given_back_comes_last()
    {
        using var etc = new ScratchFolder();
        var pool = Pool(etc.Path);
        var given = new System.Collections.Concurrent.ConcurrentBag<IdRange>();
        Parallel.For(0, 4, _ => given.Add(pool.Take()));
        Assert.Equal(4, given.Distinct().Count());
        Assert.Equal(ErrorKind.Unavailable, Assert.Throws<EngineException>(() => pool.Take()).Kind);
        foreach (var ids in given) pool.Release(ids);
        var (first, second) = (pool.Take(), default(IdRange));
        pool.Release(first);
        second = pool.Take();
        Assert.NotEqual(first, second);
        // What a record has stays taken, whoever released it.
        _records.Add(UserNamespace.Of(second));
        pool.Release(second);
        Assert.Equal(3, Enumerable.Range(0, 3).Select(_ => pool.Take()).Append(second).Distinct().Count() - 1);
    }

    [Fact]
    public void Ids_that_somebody_else_was_given_are_passed_over()
    {
        using var etc = new ScratchFolder(("subuid", "somebody:1879048192:65536\n"), ("subgid", "1000:1879113728:65536\nbroken line\n:x:y\n"), ("passwd", "root:x:0:0::/:/bin/sh\nhigh:x:1879179264:1879179264::/:/bin/sh\n"));
        var pool = Pool(etc.Path);
        Assert.Equal(0x7000_0000u + 3 * 65536, pool.Take().Start);
        Assert.Throws<EngineException>(() => pool.Take());
    }

    [Fact]
    public void A_remapped_user_s_ranges_are_mapped_one_after_the_other()
    {
        using var etc = new ScratchFolder(("passwd", "root:x:0:0::/:/bin/sh\nmapped:x:1000:1000::/:/bin/sh\n"), ("group", "mapped:x:1000:\nothers:x:1001:\n"),
            ("subuid", "# given\nmapped:200000:1000\nelse:300000:5\n1000:400000:64536\n"), ("subgid", "mapped:500000:65536\nothers:600000:10\n"));
        var accounts = new SubordinateIds(etc.Path);
        var space = UserRemap.Read("mapped", accounts, IdRange.Default);
        Assert.Equal([(0u, 200000u, 1000u), (1000u, 400000u, 64536u)], space.Users.Select(range => (range.ContainerId, range.HostId, range.Size)));
        Assert.Equal([(0u, 500000u, 65536u)], space.Groups.Select(range => (range.ContainerId, range.HostId, range.Size)));
        Assert.Equal([(0u, 600000u, 10u)], UserRemap.Read("1000:others", accounts, IdRange.Default).Groups.Select(range => (range.ContainerId, range.HostId, range.Size)));
        Assert.Equal(IdRange.Default.Start, UserRemap.Read("default", accounts, IdRange.Default).Users[0].HostId);
        Assert.Equal((200000u, 500000u), (space.RootUser, space.RootGroup));
        Assert.Contains("subuid", Assert.Throws<EngineException>(() => UserRemap.Read("root", accounts, IdRange.Default)).Message, StringComparison.Ordinal);
    }
}
