using Yun.Linux;
using Yun.Linux.Netlink;

namespace Yun.Node.Networks;

/// <summary>
/// Interfaces of containers that are gone. Deleting one takes the kernel some twenty milliseconds, during which nobody on the machine can change a network; a
/// namespace that dies takes its interfaces with it, all that die together in one go. So they are only put out of service here, and looked for again later:
/// who is still there then, because something keeps the namespace alive, is deleted.
/// </summary>
internal sealed class RetiredInterfaces : IDisposable
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    private readonly Lock _turn = new();
    private readonly List<string> _names = [];
    private readonly Timer _later;

    internal RetiredInterfaces() => _later = new Timer(_ => DeleteAll());

    /// <summary>Nothing passes through these from here on. Their namespace must be let go of next.</summary>
    internal void Add(IEnumerable<string> names)
    {
        var retired = names.ToList();
        if (retired.Count == 0) return;
        using var route = new RouteSocket();
        foreach (var name in retired)
        {
            try { route.Execute(new RouteRequest().DisableBridgePort(name)); }
            // Already gone, or on no bridge: then nothing passes.
            catch (SyscallException) { }
        }
        lock (_turn)
        {
            _names.AddRange(retired);
            _later.Change(s_grace, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Those that are still there are there no more when this returns.</summary>
    internal void DeleteAll()
    {
        List<string> names;
        lock (_turn)
        {
            names = [.. _names];
            _names.Clear();
        }
        if (names.Count == 0) return;
        using var route = new RouteSocket();
        foreach (var name in route.Links().Select(link => link.Name).Intersect(names))
        {
            try { route.Execute(new RouteRequest().DeleteLink(name)); }
            catch (SyscallException) { }
        }
    }

    public void Dispose() => _later.Dispose();
}
