using System.Collections.Concurrent;
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

/// <param name="Bytes">What the step added; of one that was pruned, what became free by that.</param>
/// <param name="IsHeld">An image that somebody asked for, a container or a build stands on the result, so that it stays when the step is forgotten.</param>
public sealed record CachedStep(string Key, CacheEntry Entry, long Bytes, bool IsHeld);

/// <summary>
/// Which image each step led to, in the store under <c>/builds/cache</c>. Only the builder writes here, so an image that was pulled or loaded is never taken
/// for a step's result, whatever its history says (CVE-2024-24557).
/// </summary>
public sealed class BuildCache(IStore store, ImageStore images, TimeProvider time)
{
    private const string Prefix = "/builds/cache/";

    // What is on its way to the store. Nobody waits for it: what of it a crash forgets is done again.
    private readonly ConcurrentDictionary<string, CacheEntry> _writing = new(StringComparer.Ordinal);

    /// <returns>The image, unless it was never made or has been removed since.</returns>
    public async Task<Image?> FindAsync(CacheStep step, CancellationToken cancel)
    {
        var key = Prefix + step.Key();
        if (!_writing.TryGetValue(key, out var entry) && (await store.GetAsync(key, cancel) is not { } found || (entry = Read(found)) is null)) return null;
        if (images.TryFind(entry.Image.ToString()) is not { } image || image.Parent != step.Parent)
        {
            await store.DeleteAsync(key, cancel);
            return null;
        }
        Write(key, entry with { LastUsed = time.GetUtcNow(), Uses = entry.Uses + 1 });
        return image;
    }

    /// <summary>The image need not be on the disk yet: an entry whose image is not there is none.</summary>
    public void Remember(CacheStep step, Image image) =>
        Write(Prefix + step.Key(), new CacheEntry { Image = image.Id, Command = step.Command, Created = time.GetUtcNow(), LastUsed = time.GetUtcNow() });

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
        foreach (var image in all.Values.Where(image => !image.IsDangling || image.IsResult || images.UserCount(image) > 0))
            for (var one = image; one is not null && held.Add(one.Id); one = one.Parent is { } parent ? all.GetValueOrDefault(parent) : null) { }
        return [.. (await ListAsync(cancel)).Where(known => all.ContainsKey(known.Entry.Image)).OrderBy(known => known.Entry.LastUsed).Select(known =>
        {
            var image = all[known.Entry.Image];
            var below = image.Parent is { } parent ? all.GetValueOrDefault(parent)?.Layers.Count ?? 0 : 0;
            return new CachedStep(known.Key, known.Entry, image.Layers.Skip(below).Sum(layer => layer.SizeBytes), held.Contains(image.Id));
        })];
    }

    /// <summary>Forgets the steps not used since <paramref name="before"/> and removes the images that only served them.</summary>
    /// <param name="heldToo">Also steps whose results stay, because images stand on them: they are done anew the next time.</param>
    /// <param name="keepBytes">No more than is needed for what only serves the cache to have less than that; the longest unused first. 0 keeps none.</param>
    /// <param name="matches">Further conditions; null for none.</param>
    /// <returns>The steps that are forgotten.</returns>
    public async Task<IReadOnlyList<CachedStep>> PruneAsync(DateTimeOffset before, bool heldToo, long keepBytes, Func<CachedStep, bool>? matches, CancellationToken cancel)
    {
        var gone = new List<CachedStep>();
        var steps = await StepsAsync(cancel);
        var left = steps.Where(step => !step.IsHeld).Sum(step => step.Bytes);
        foreach (var step in steps.Where(step => step.Entry.LastUsed <= before && (heldToo || !step.IsHeld) && matches?.Invoke(step) != false))
        {
            if (keepBytes > 0 && left <= keepBytes) break;
            await store.DeleteAsync(Prefix + step.Key, cancel);
            gone.Add(step);
            if (!step.IsHeld) left -= step.Bytes;
        }
        var freed = await RemoveAsync([.. gone.Where(step => !step.IsHeld).Select(step => step.Entry.Image)], cancel);
        // Two steps can have led to one image.
        return [.. gone.Select(step => step with { Bytes = freed.Remove(step.Entry.Image, out var bytes) ? bytes : 0 })];
    }

    /// <returns>What became free by each that is gone.</returns>
    private async Task<Dictionary<Digest, long>> RemoveAsync(HashSet<Digest> forgotten, CancellationToken cancel)
    {
        var freed = new Dictionary<Digest, long>();
        // Children before parents: each round removes those that nothing is made from any more.
        while (true)
        {
            var all = images.List();
            var parents = all.Select(i => i.Parent).OfType<Digest>().ToHashSet();
            var round = all.Where(i => i is { IsDangling: true, IsResult: false } && forgotten.Contains(i.Id) && !parents.Contains(i.Id)).ToList();
            if (round.Count == 0) return freed;
            foreach (var image in round)
            {
                forgotten.Remove(image.Id);
                if (await images.RemoveUnnamedAsync(image.Id, cancel) is { } bytes) freed[image.Id] = bytes;
            }
        }
    }

    private void Write(string key, CacheEntry entry)
    {
        _writing[key] = entry;
        // The store does writes in their order, so that one never undoes a later removal.
        _ = store.PutAsync(key, JsonSerializer.SerializeToUtf8Bytes(entry, BuildJson.Default.CacheEntry)).AsTask().ContinueWith(written =>
        {
            _ = written.Exception;
            _writing.TryRemove(KeyValuePair.Create(key, entry));
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

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
