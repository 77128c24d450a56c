using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Images;
using Yun.Oci;
using Yun.Store;

namespace Yun.Node.Builds;

/// <summary>Everything that decides what a step leads to. Two steps that differ in anything here do not share a result.</summary>
/// <param name="Parent">The image the step starts from; null on nothing. Its digest covers all that came before.</param>
/// <param name="Command">The history entry: instruction, build arguments and, for COPY and ADD, the digest of what is copied.</param>
/// <param name="Config">The configuration after the step.</param>
/// <param name="Details">What else counts and history does not show: modes, mounts, network.</param>
public sealed record CacheStep(Digest? Parent, string Platform, string Command, ImageRunConfig Config, string? Author, string Details)
{
    public string Key() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, BuildJson.Default.CacheStep)));
}

/// <summary>What the cache remembers of a step.</summary>
public sealed record CacheEntry
{
    public Digest Image { get; set; }
    public string Command { get; set; } = "";
    public DateTimeOffset Created { get; set; }
    public DateTimeOffset LastUsed { get; set; }
    public int Uses { get; set; }
}

/// <param name="Bytes">What the step added.</param>
/// <param name="IsHeld">A name, a container or a build stands on the result, so that it stays when the step is forgotten.</param>
public sealed record CachedStep(string Key, CacheEntry Entry, long Bytes, bool IsHeld);

/// <summary>
/// Which image each step led to, in the store under <c>/builds/cache</c>. Only the builder writes here, so an image that was pulled or loaded is never taken
/// for a step's result, whatever its history says (CVE-2024-24557).
/// </summary>
public sealed class BuildCache(IStore store, ImageStore images, TimeProvider time)
{
    private const string Prefix = "/builds/cache/";

    /// <returns>The image, unless it was never made or has been removed since.</returns>
    public async Task<Image?> FindAsync(CacheStep step, CancellationToken cancel)
    {
        var key = Prefix + step.Key();
        if (await store.GetAsync(key, cancel) is not { } found || Read(found) is not { } entry) return null;
        if (images.TryFind(entry.Image.ToString()) is not { } image || image.Parent != step.Parent)
        {
            await store.DeleteAsync(key, cancel);
            return null;
        }
        // Nobody waits for it: a use that a crash forgets costs nothing. The store does writes in their order, so that one never undoes a later removal.
        _ = WriteAsync(key, entry with { LastUsed = time.GetUtcNow(), Uses = entry.Uses + 1 }, CancellationToken.None)
            .ContinueWith(failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return image;
    }

    public Task RememberAsync(CacheStep step, Image image, CancellationToken cancel) =>
        WriteAsync(Prefix + step.Key(), new CacheEntry { Image = image.Id, Command = step.Command, Created = time.GetUtcNow(), LastUsed = time.GetUtcNow() }, cancel);

    public async Task<IReadOnlyList<(string Key, CacheEntry Entry)>> ListAsync(CancellationToken cancel)
    {
        var list = new List<(string, CacheEntry)>();
        foreach (var found in await store.RangeAsync(Prefix, cancel))
            if (Read(found) is { } entry) list.Add((found.Key[Prefix.Length..], entry));
        return list;
    }

    /// <summary>The steps whose results are here, those used last at the end.</summary>
    public async Task<IReadOnlyList<CachedStep>> StepsAsync(CancellationToken cancel)
    {
        var all = images.List().ToDictionary(image => image.Id);
        var held = new HashSet<Digest>();
        foreach (var image in all.Values.Where(image => !image.IsDangling || images.UserCount(image) > 0))
            for (var one = image; one is not null && held.Add(one.Id); one = one.Parent is { } parent ? all.GetValueOrDefault(parent) : null) { }
        return [.. (await ListAsync(cancel)).Where(known => all.ContainsKey(known.Entry.Image)).OrderBy(known => known.Entry.LastUsed).Select(known =>
        {
            var image = all[known.Entry.Image];
            var below = image.Parent is { } parent ? all.GetValueOrDefault(parent)?.Layers.Count ?? 0 : 0;
            return new CachedStep(known.Key, known.Entry, image.Layers.Skip(below).Sum(layer => layer.SizeBytes), held.Contains(image.Id));
        })];
    }

    /// <summary>Forgets the steps not used since <paramref name="before"/> and removes the images that only served them.</summary>
    /// <param name="keepBytes">No more than is needed for what only serves the cache to have less than that; the longest unused first. 0 keeps none.</param>
    /// <param name="matches">Further conditions; null for none.</param>
    /// <returns>The images removed, and the bytes of their layers.</returns>
    public async Task<(IReadOnlyList<Digest> Removed, long Bytes)> PruneAsync(DateTimeOffset before, long keepBytes, Func<CachedStep, bool>? matches, CancellationToken cancel)
    {
        var forgotten = new HashSet<Digest>();
        var steps = await StepsAsync(cancel);
        var left = steps.Where(step => !step.IsHeld).Sum(step => step.Bytes);
        foreach (var step in steps.Where(step => step.Entry.LastUsed <= before && matches?.Invoke(step) != false))
        {
            if (keepBytes > 0 && left <= keepBytes) break;
            await store.DeleteAsync(Prefix + step.Key, cancel);
            forgotten.Add(step.Entry.Image);
            if (!step.IsHeld) left -= step.Bytes;
        }
        var removed = new List<Digest>();
        var bytes = 0L;
        // Children before parents: each round removes those that nothing is made from any more.
        while (true)
        {
            var all = images.List();
            var parents = all.Select(i => i.Parent).OfType<Digest>().ToHashSet();
            var round = 0;
            foreach (var image in all.Where(i => i.IsDangling && forgotten.Contains(i.Id) && !parents.Contains(i.Id)))
            {
                if (!await images.RemoveUnnamedAsync(image.Id, cancel))
                {
                    forgotten.Remove(image.Id);
                    continue;
                }
                removed.Add(image.Id);
                var below = all.FirstOrDefault(i => i.Id == image.Parent)?.Layers.Count ?? 0;
                bytes += image.Layers.Skip(below).Sum(l => l.SizeBytes);
                round++;
            }
            if (round == 0) return (removed, bytes);
        }
    }

    private Task<long> WriteAsync(string key, CacheEntry entry, CancellationToken cancel) =>
        store.PutAsync(key, JsonSerializer.SerializeToUtf8Bytes(entry, BuildJson.Default.CacheEntry), cancel).AsTask();

    // An entry of an older version that cannot be read is no entry.
    private static CacheEntry? Read(Entry found)
    {
        try
        {
            return JsonSerializer.Deserialize(found.Value, BuildJson.Default.CacheEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CacheStep))]
[JsonSerializable(typeof(CacheEntry))]
internal sealed partial class BuildJson : JsonSerializerContext;
