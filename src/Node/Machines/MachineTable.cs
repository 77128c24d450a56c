using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using Yun.Node.Machines.Disks;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>All whole virtual machines of this node, by id, by the beginning of an id, and by name.</summary>
public sealed partial class MachineTable(Engine engine)
{
    internal const string Prefix = "/machines/";
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    private readonly ConcurrentDictionary<string, Machine> _byId = new(StringComparer.Ordinal);
    // A name is taken before the machine exists.
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);

    internal string Folder { get; } = Path.Combine(engine.Options.DataRoot, "machines", "instances");

    public DiskLibrary Library { get; private set; } = null!;

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Machine> List() => [.. _byId.Values.OrderByDescending(machine => machine.Record.Created).ThenBy(machine => machine.Id, StringComparer.Ordinal)];

    /// <exception cref="EngineException">404, or 400 when several ids begin so.</exception>
    public Machine Find(string nameOrId) => TryFind(nameOrId) ?? throw new EngineException(ErrorKind.NotFound, $"No such machine: {nameOrId}");

    public Machine? TryFind(string nameOrId)
    {
        if (_byId.TryGetValue(nameOrId, out var exact)) return exact;
        if (_names.TryGetValue(nameOrId, out var id) && _byId.TryGetValue(id, out var named)) return named;
        if (nameOrId.Length is 0 or > 64 || nameOrId.AsSpan().ContainsAnyExcept(s_hex)) return null;
        var begun = _byId.Values.Where(machine => machine.Id.StartsWith(nameOrId, StringComparison.Ordinal)).Take(2).ToList();
        return begun.Count < 2 ? begun.FirstOrDefault() : throw new EngineException(ErrorKind.InvalidArgument, $"Multiple IDs found with provided prefix: {nameOrId}");
    }

    /// <summary>It is no longer found, and its name is free.</summary>
    internal async Task ForgetAsync(Machine machine)
    {
        _byId.TryRemove(machine.Id, out _);
        _names.TryRemove(KeyValuePair.Create(machine.Name, machine.Id));
        await engine.Store.DeleteAsync(Prefix + machine.Id);
        await Library.CollectAsync();
    }

    internal async Task LoadAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Library = new DiskLibrary(engine);
        await Library.LoadAsync(cancel);
        foreach (var entry in await engine.Store.RangeAsync(Prefix, cancel))
        {
            try
            {
                var record = JsonSerializer.Deserialize(entry.Value, MachineRecordJson.Default.MachineRecord)!;
                _names[record.Name] = record.Id;
                _byId[record.Id] = new Machine(engine, record);
            }
            catch (JsonException error) { engine.Log.Warn($"The record {entry.Key} cannot be read and is left out: {error.Message}"); }
        }
    }

    /// <summary>What a removal or a creation that was cut short has left: a record without files, files without a record.</summary>
    internal async Task RemoveLeftoversAsync()
    {
        foreach (var machine in List())
            if (!Directory.Exists(machine.Directory)) await ForgetAsync(machine);
        foreach (var directory in Directory.EnumerateDirectories(Folder))
            if (!_byId.ContainsKey(Path.GetFileName(directory))) engine.Trash.Throw(directory);
        await Library.CollectAsync();
    }
}
