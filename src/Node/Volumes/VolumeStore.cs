using System.Collections.Concurrent;
using System.Text.Json;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Node.Volumes;

/// <summary>
/// The volumes of one data root: <c>volumes/NAME/_data</c> each, with a record in the store. Who uses which is known here, in memory, from the
/// containers' records; reads take no lock.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never asked for holds nothing to dispose of.")]
public sealed partial class VolumeStore
{
    public const string Driver = "local";
    private const string Prefix = "/volumes/";

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    // Creating, removing and filling are rare and short; one after the other is simple and right.
    private readonly SemaphoreSlim _changes = new(1, 1);
    private readonly Engine _engine;

    private VolumeStore(Engine engine) => _engine = engine;

    private sealed class Entry(Volume volume)
    {
        public Volume Volume { get; set; } = volume;
        /// <summary>Ids of the containers that have it mounted or may mount it again; locked by itself.</summary>
        public HashSet<string> Users { get; } = new(StringComparer.Ordinal);
    }

    private string Root => Path.Combine(_engine.Options.DataRoot, "volumes");

    /// <summary>Reads the records, finishes removals that were cut short, and takes up directories whose record was lost.</summary>
    public static async Task<VolumeStore> OpenAsync(Engine engine, CancellationToken cancel = default)
    {
        var store = new VolumeStore(engine);
        const UnixFileMode passOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(store.Root, passOnly);
        foreach (var entry in await engine.Store.RangeAsync(Prefix, cancel))
        {
            var volume = JsonSerializer.Deserialize(entry.Value, VolumeJson.Default.Volume)!;
            // Without a directory its creation was cut short, and nobody was told of it.
            if (volume.Removing || !Directory.Exists(store.Mountpoint(volume.Name))) await store.DeleteAsync(volume);
            else store.Take(volume);
        }
        foreach (var directory in Directory.EnumerateDirectories(store.Root))
        {
            var name = Path.GetFileName(directory);
            if (store._entries.ContainsKey(name) || !Directory.Exists(store.Mountpoint(name))) continue;
            await store.SaveAsync(new Volume { Name = name, CreatedAt = Directory.GetLastWriteTimeUtc(directory) }, cancel);
        }
        foreach (var container in engine.Containers.List()) store.Use(container.Id, container.Record.Mounts);
        store.TakeUpMounts();
        return store;
    }

    /// <summary>The directory of its content. A volume with driver options has nothing there: it is mounted elsewhere.</summary>
    public string Mountpoint(string name) => Path.Combine(Root, name, "_data");

    /// <summary>The file of a volume with a size.</summary>
    private string ImagePath(string name) => Path.Combine(Root, name, "image");

    public IReadOnlyList<Volume> List() => [.. _entries.Values.Select(e => e.Volume).OrderBy(v => v.Name, StringComparer.Ordinal)];

    /// <exception cref="EngineException">404 <c>get x: no such volume</c>.</exception>
    public Volume Find(string name) => TryFind(name) ?? throw new EngineException(ErrorKind.NotFound, $"get {name}: no such volume");

    public Volume? TryFind(string name) => _entries.TryGetValue(name, out var entry) ? entry.Volume : null;

    /// <summary>The containers, running or not, that have it.</summary>
    public IReadOnlyList<string> UsersOf(string name)
    {
        if (!_entries.TryGetValue(name, out var entry)) return [];
        lock (entry.Users) return [.. entry.Users.Order(StringComparer.Ordinal)];
    }

    /// <summary>Makes a volume, or gives the one that is there: Docker does not compare options and labels.</summary>
    /// <param name="name">Null or empty for a random one with the label of anonymous volumes.</param>
    /// <param name="usedBy">A container that has it from the first moment on.</param>
    public async Task<Volume> CreateAsync(
        string? name, string? driver, Dictionary<string, string>? options, Dictionary<string, string>? labels, string? usedBy = null, CancellationToken cancel = default)
    {
        if (driver is not (null or "" or Driver or "default"))
            throw new EngineException(ErrorKind.NotFound, $"error looking up volume plugin {driver}: plugin \"{driver}\" not found");
        if (name is null or "") (name, labels) = (VolumeName.Random(), new Dictionary<string, string>(labels ?? []) { [Volume.AnonymousLabel] = "" });
        VolumeName.Checked(name);
        VolumeDriverOptions.Parse(options);
        await _changes.WaitAsync(cancel);
        try
        {
            var volume = TryFind(name)
                ?? await MakeAsync(new Volume { Name = name, CreatedAt = _engine.Time.GetUtcNow(), Options = options is { Count: > 0 } ? options : null, Labels = labels }, cancel);
            if (usedBy is not null)
                lock (_entries[name].Users) _entries[name].Users.Add(usedBy);
            return volume;
        }
        finally { _changes.Release(); }
    }

    /// <summary>A container has these from now on; until it is removed, they cannot be.</summary>
    public void Use(string containerId, IEnumerable<ContainerMount> mounts)
    {
        foreach (var mount in mounts)
            if (mount is { Kind: MountKind.Volume, Name: { } name } && _entries.TryGetValue(name, out var entry))
                lock (entry.Users) entry.Users.Add(containerId);
    }

    /// <summary>The container is gone and has no volume any more.</summary>
    /// <param name="removeAnonymous">Takes along those that were made for it alone, as <c>rm -v</c> and <c>--rm</c> do.</param>
    public async Task ReleaseAsync(string containerId, IEnumerable<ContainerMount> mounts, bool removeAnonymous, CancellationToken cancel = default)
    {
        foreach (var mount in mounts)
        {
            if (mount is not { Kind: MountKind.Volume, Name: { } name } || !_entries.TryGetValue(name, out var entry)) continue;
            bool unused;
            lock (entry.Users)
            {
                entry.Users.Remove(containerId);
                unused = entry.Users.Count == 0;
            }
            if (!unused || !removeAnonymous || !mount.Anonymous) continue;
            // Somebody may have taken it in the meantime: then it stays.
            try { await RemoveAsync(name, force: true, cancel); }
            catch (EngineException error) when (error.Kind == ErrorKind.Conflict) { }
        }
    }

    private void Take(Volume volume) => _entries[volume.Name] = new Entry(volume);

    private async Task<Volume> MakeAsync(Volume volume, CancellationToken cancel)
    {
        // The record comes first: a directory without one would be found and taken for somebody's.
        await SaveAsync(volume, cancel);
        const UnixFileMode passOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        const UnixFileMode everybodyReads = passOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        try
        {
            Directory.CreateDirectory(Path.Combine(Root, volume.Name), passOnly);
            if (VolumeDriverOptions.Parse(volume.Options)?.SizeBytes is { } bytes) VolumeImage.Make(ImagePath(volume.Name), bytes);
            Directory.CreateDirectory(Mountpoint(volume.Name), everybodyReads);
        }
        catch (Exception error) when (error is EngineException or SyscallException or IOException or UnauthorizedAccessException)
        {
            _entries.TryRemove(volume.Name, out _);
            await DeleteAsync(volume);
            throw;
        }
        Publish(volume.Name, "create");
        return volume;
    }

    private async Task SaveAsync(Volume volume, CancellationToken cancel)
    {
        await WriteAsync(volume, cancel);
        Take(volume);
    }

    private async Task WriteAsync(Volume volume, CancellationToken cancel) =>
        await _engine.Store.PutAsync(Prefix + volume.Name, JsonSerializer.SerializeToUtf8Bytes(volume, VolumeJson.Default.Volume), cancel);

    private void Publish(string name, string action) => _engine.Events.Publish("volume", action, name, new Dictionary<string, string> { ["driver"] = Driver });
}
