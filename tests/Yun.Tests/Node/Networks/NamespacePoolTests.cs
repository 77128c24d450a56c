using Microsoft.Win32.SafeHandles;
using Yun.Linux.Netlink;
using Yun.Node.Networks;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Node.Networks;

public sealed class NamespacePoolTests
{
    [Fact]
    public async Task Each_namespace_serves_once_and_the_pool_is_filled_again()
    {
        if (Environment.UserName != "root") Assert.Skip("Making a network namespace needs root.");
        await using var pool = new NamespacePool(2);
        pool.Start();
        await Eventually.HoldsAsync(() => Task.FromResult(pool.Count == 2));
        var taken = Enumerable.Range(0, 4).Select(_ => pool.Take()).ToList();
        await Eventually.HoldsAsync(() => Task.FromResult(pool.Count == 2));
        taken.Add(pool.Take());
        Assert.Equal(taken.Count, taken.Select(Identity).Distinct().Count());
        Assert.DoesNotContain(new FileInfo("/proc/self/ns/net").LinkTarget, taken.Select(Identity));
        foreach (var space in taken)
        {
            using var inside = new RouteSocket(space);
            Assert.True(inside.FindLink("lo")!.IsUp);
            space.Dispose();
        }
    }

    [Fact]
    public async Task A_pool_of_none_makes_each_as_it_is_needed()
    {
        if (Environment.UserName != "root") Assert.Skip("Making a network namespace needs root.");
        await using var pool = new NamespacePool(0);
        pool.Start();
        using var one = pool.Take();
        using var other = pool.Take();
        Assert.NotEqual(Identity(one), Identity(other));
        Assert.Equal(0, pool.Count);
    }

    private static string Identity(SafeFileHandle space) => new FileInfo($"/proc/self/fd/{space.DangerousGetHandle()}").LinkTarget!;
}
