using Yun.Linux;
using Yun.Linux.Nftables;
using Yun.Protocol;

namespace Yun.Node.Networks;

/// <summary>Our nftables table: what it should hold, and the steps that make the kernel's copy so.</summary>
public sealed class Firewall(string table)
{
    private readonly Lock _turn = new();
    private readonly Dictionary<string, NftablesElement> _elements = [];
    private bool _isLaid;

    /// <summary>Adds and removes elements, all or none.</summary>
    public void Change(IEnumerable<NftablesElement> add, IEnumerable<NftablesElement> remove)
    {
        lock (_turn)
        {
            var batch = new NftablesBatch(table);
            foreach (var element in remove)
                if (_elements.Remove(element.Identity)) batch.Remove(element);
            foreach (var element in add)
                if (_elements.TryAdd(element.Identity, element)) batch.Add(element);
            if (batch.IsEmpty || !_isLaid) return;
            try { batch.Execute(); }
            // Somebody flushed the ruleset, or part of it: what is wanted is known here, so all of it is laid again.
            catch (SyscallException error) when (error.Errno is Errno.ENOENT or Errno.EEXIST) { Lay(); }
        }
    }

    /// <summary>Makes the kernel's table what it should be. Connections that are open stay so.</summary>
    public void Restore()
    {
        lock (_turn) Lay();
    }

    /// <summary>Removes the table.</summary>
    public void Remove()
    {
        lock (_turn)
        {
            _elements.Clear();
            _isLaid = false;
            // Adding first makes the removal of what is not there no error.
            NftablesLibrary.Run($"add table inet {table}\ndelete table inet {table}\n");
        }
    }

    private void Lay()
    {
        try { NftablesLibrary.Run(FirewallRules.Text(table, _elements.Values)); }
        catch (NftablesException error) { throw new EngineException(ErrorKind.Internal, $"The firewall table {table} cannot be made: {error.Message}", error); }
        _isLaid = true;
    }
}
