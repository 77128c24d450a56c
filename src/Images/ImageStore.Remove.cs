using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images;

// The rules are Docker's (moby, daemon/images/image_delete.go), down to their words: people and programs know them.
public sealed partial class ImageStore
{
    // What a build or a load has made and no image stands on yet is younger.
    private static readonly TimeSpan s_beingMade = TimeSpan.FromMinutes(30);

    [Flags]
    private enum Obstacles
    {
        /// <summary>Cannot be forced.</summary>
        Hard = Children | Running,
        /// <summary>Must be forced.</summary>
        Soft = Names | Stopped,
        Children = 1, Running = 2, Names = 4, Stopped = 8,
    }

    private sealed record Obstacle(bool IsHard, bool IsUse, string Reason);

    /// <summary>Docker's rules: a name goes first, and with the last name the image, its layers, and (with <paramref name="pruneParents"/>) parents without a name.</summary>
    public async Task<IReadOnlyList<ImageRemoval>> RemoveAsync(string nameOrId, bool force, bool pruneParents, CancellationToken cancel = default)
    {
        var done = new List<ImageRemoval>();
        using (await ChangeAsync(cancel))
        {
            var image = _catalog.Find(nameOrId);
            var byName = !IsIdOf(image, nameOrId);
            if (byName)
            {
                if (!force && IsOneName(image.Names) && UserOf(image.Id) is { } user)
                    throw new EngineException(ErrorKind.Conflict,
                        $"conflict: unable to remove repository reference \"{nameOrId}\" (must force) - container {user.ShortId} is using its referenced image {image.Id.Short}");
                if (await RemoveNameAsync(image, ImageReference.Parse(nameOrId).WithDefaultTag(), done)) return done;
            }
            else if (IsOneName(image.Names))
            {
                RequireFree(image, Obstacles.Hard | (force ? 0 : Obstacles.Stopped));
                foreach (var name in image.Names) await UntagAsync(image.Id, name, done);
            }
            await DeleteAsync(image.Id, done, force, pruneParents, quiet: byName);
        }
        return done;
    }

    /// <summary>Removes an image that has no name.</summary>
    /// <returns>The bytes that became free; null when it has been given a name meanwhile, or a build, a container or another image stands on it.</returns>
    public async Task<long?> RemoveUnnamedAsync(Digest id, CancellationToken cancel = default)
    {
        using (await ChangeAsync(cancel))
        {
            if (_catalog.Get(id) is not { IsDangling: true } image || ObstacleOf(image, Obstacles.Hard | Obstacles.Soft) is not null) return null;
            return await DeleteAsync(id, [], force: false, pruneParents: false, quiet: true);
        }
    }

    /// <summary>Takes names away from an image, which stays, also when it has none left.</summary>
    public async Task UntagAsync(Image image, IEnumerable<ImageReference> names, CancellationToken cancel = default)
    {
        using (await ChangeAsync(cancel))
            foreach (var name in names.Where(name => _catalog.IdOf(name) == image.Id)) await UntagAsync(image.Id, name, []);
    }

    /// <summary>Removes images that no container uses: without a name, or with <paramref name="all"/> whatever their names.</summary>
    /// <param name="matches">Further conditions; null for none.</param>
    public async Task<(IReadOnlyList<ImageRemoval> Removed, long FreedBytes)> PruneAsync(bool all, Func<Image, bool>? matches = null, CancellationToken cancel = default)
    {
        var (done, freed) = (new List<ImageRemoval>(), 0L);
        using (await ChangeAsync(cancel))
        {
            foreach (var image in _catalog.List())
            {
                cancel.ThrowIfCancellationRequested();
                if (_catalog.Get(image.Id) is null || (!all && !image.IsDangling) || UserOf(image.Id) is not null || matches?.Invoke(image) == false) continue;
                // An image that an index holds goes with the index, and that stays while a container uses any image of it.
                if (image.IsSibling || ObstacleOf(image, Obstacles.Children) is not null) continue;
                if (image.Index is { } index && _catalog.Members(index).Any(member => UserOf(member.Id) is not null)) continue;
                foreach (var name in image.Names) freed += await UntagAsync(image.Id, name, done);
                freed += await DeleteAsync(image.Id, done, force: false, pruneParents: true, quiet: true);
            }
        }
        return (done, freed + await CollectAsync(s_beingMade, cancel));
    }

    /// <summary>Takes one name away, and the digests of its repository with its last tag. True when the image has names left, which is then all there is to do.</summary>
    private async Task<bool> RemoveNameAsync(Image image, ImageReference name, List<ImageRemoval> done)
    {
        await UntagAsync(image.Id, name, done);
        var left = _catalog.Get(image.Id)!.Names;
        if (name.Digest is null && !left.Any(other => other.Digest is null && other.Name == name.Name))
            foreach (var digest in left.Where(other => other.Digest is not null && other.Name == name.Name)) await UntagAsync(image.Id, digest, done);
        return _catalog.Get(image.Id)!.Names.Count > 0;
    }

    private async Task<long> DeleteAsync(Digest id, List<ImageRemoval> done, bool force, bool pruneParents, bool quiet)
    {
        var image = _catalog.Get(id)!;
        if (ObstacleOf(image, Obstacles.Hard | (force ? 0 : Obstacles.Soft)) is { } obstacle)
        {
            if (quiet && (!image.IsDangling || obstacle.IsUse)) return 0;
            throw Conflict(image, obstacle);
        }
        foreach (var name in image.Names) await UntagAsync(id, name, done);
        var freed = 0L;
        // A stopped container goes on with the layers it stands on.
        var isGone = await TryDropAsync(id);
        if (!isGone) await _catalog.PutAsync(image.Record with { Removed = true }, image.Config, image.Layers);
        done.Add(new ImageRemoval(null, id.ToString()));
        if (isGone)
        {
            foreach (var layer in Free(image))
            {
                done.Add(new ImageRemoval(null, layer.ChainId.ToString()));
                freed += layer.SizeBytes;
            }
        }
        Publish("delete", id);
        if (pruneParents && image.Parent is { } parent && _catalog.Get(parent) is not null)
            freed += await DeleteAsync(parent, done, force: false, pruneParents: true, quiet: true);
        return freed;
    }

    /// <returns>The bytes that became free: with the last name of an index go the images of other platforms that it held.</returns>
    private async Task<long> UntagAsync(Digest id, ImageReference name, List<ImageRemoval> done)
    {
        var index = _catalog.IndexOf(name);
        await _catalog.UnnameAsync(name);
        done.Add(new ImageRemoval(name.Familiar, null));
        Publish("untag", id);
        if (index is not { } gone || _catalog.IsNamed(gone)) return 0;
        var freed = 0L;
        foreach (var member in _catalog.Members(gone).Where(member => member.Id != id && member.IsDangling))
            freed += await DeleteAsync(member.Id, done, force: false, pruneParents: true, quiet: true);
        if (!Needed().Contains(gone)) _content.TryFree(gone);
        return freed;
    }

    private void RequireFree(Image image, Obstacles obstacles)
    {
        if (ObstacleOf(image, obstacles) is { } obstacle) throw Conflict(image, obstacle);
    }

    private Obstacle? ObstacleOf(Image image, Obstacles obstacles)
    {
        if (obstacles.HasFlag(Obstacles.Children) && _catalog.List().Any(other => other.Parent == image.Id)) return new Obstacle(true, false, "image has dependent child images");
        if (obstacles.HasFlag(Obstacles.Running) && UserOf(image.Id, running: true) is { } running) return new Obstacle(true, true, $"image is being used by running container {running.ShortId}");
        if (obstacles.HasFlag(Obstacles.Names) && image.Names.Count > 0) return new Obstacle(false, false, "image is referenced in multiple repositories");
        return obstacles.HasFlag(Obstacles.Stopped) && UserOf(image.Id, running: false) is { } stopped
            ? new Obstacle(false, true, $"image is being used by stopped container {stopped.ShortId}") : null;
    }

    private static EngineException Conflict(Image image, Obstacle obstacle) => new(ErrorKind.Conflict,
        $"conflict: unable to delete {image.Id.Short} ({(obstacle.IsHard ? "cannot be forced" : "must be forced")}) - {obstacle.Reason}");

    private static bool IsIdOf(Image image, string text) =>
        text.Length > 0 && image.Id.Hex.StartsWith(text.StartsWith("sha256:", StringComparison.Ordinal) ? text["sha256:".Length..] : text, StringComparison.Ordinal)
        && !image.Names.Any(name => ImageReference.TryParse(text, out var asked) && asked.WithDefaultTag().ToString() == name.ToString());

    /// <summary>At most one tag, and all names in one repository.</summary>
    private static bool IsOneName(IReadOnlyList<ImageReference> names) =>
        names.Count <= 1 || (names.Count(name => name.Digest is null) <= 1 && names.Select(name => name.Name).Distinct().Count() == 1);
}
