using Yun.Protocol;

namespace Yun.Node.Volumes;

public sealed partial class VolumeStore
{
    /// <summary>Removes a volume and its content.</summary>
    /// <param name="force">It is no error that there is none.</param>
    /// <exception cref="EngineException">404, or 409 naming the containers that have it.</exception>
    public async Task RemoveAsync(string name, bool force, CancellationToken cancel = default)
    {
        await _changes.WaitAsync(cancel);
        try
        {
            if (!_entries.TryGetValue(name, out var entry))
            {
                if (force) return;
                Find(name);
                return;
            }
            var users = UsersOf(name);
            if (users.Count > 0) throw new EngineException(ErrorKind.Conflict, $"remove {name}: volume is in use - [{string.Join(", ", users)}]");
            var removing = entry.Volume with { Removing = true };
            await WriteAsync(removing, CancellationToken.None);
            _entries.TryRemove(name, out _);
            await DeleteAsync(removing);
        }
        finally { _changes.Release(); }
        Publish(name, "destroy");
    }

    /// <summary>Removes what no container has and <paramref name="wanted"/> agrees to. Gives the names and the bytes that they held.</summary>
    public async Task<(IReadOnlyList<string> Names, long Bytes)> PruneAsync(Func<Volume, bool> wanted, CancellationToken cancel = default)
    {
        var (names, bytes) = (new List<string>(), 0L);
        foreach (var volume in List())
        {
            if (UsersOf(volume.Name).Count > 0 || !wanted(volume)) continue;
            var size = SizeBytes(volume.Name);
            try { await RemoveAsync(volume.Name, force: true, cancel); }
            catch (EngineException error) when (error.Kind == ErrorKind.Conflict) { continue; }
            names.Add(volume.Name);
            bytes += size;
        }
        _engine.Events.Publish("volume", "prune", "", new Dictionary<string, string> { ["reclaimed"] = $"{bytes}" });
        return (names, bytes);
    }

    // The directory first: a name made anew at once is empty, and a record without a directory is a removal to be finished.
    private async Task DeleteAsync(Volume volume)
    {
        _engine.Trash.Throw(Path.Combine(Root, volume.Name));
        await _engine.Store.DeleteAsync(Prefix + volume.Name);
    }
}
