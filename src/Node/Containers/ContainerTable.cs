using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>All containers of this node, by id, by the beginning of an id, and by name.</summary>
public sealed partial class ContainerTable(Engine engine)
{
    private const string Prefix = "/containers/";
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");
    private readonly ConcurrentDictionary<string, Container> _byId = new(StringComparer.Ordinal);
    // A name is taken before the container exists, so that two requests cannot both get it; the value is the id of who has it.
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);

    /// <summary>Newest first, as Docker lists them.</summary>
    public IReadOnlyList<Container> List() => [.. _byId.Values.OrderByDescending(c => c.Record.Created).ThenBy(c => c.Id, StringComparer.Ordinal)];

    public int Count => _byId.Count;

    /// <summary>By full id, then by name with or without its slash, then by a beginning of the id that only one has.</summary>
    /// <exception cref="EngineException">404 <c>No such container: x</c>, or 400 when several ids begin so.</exception>
    public Container Find(string nameOrId) => TryFind(nameOrId) ?? throw new EngineException(ErrorKind.NotFound, $"No such container: {nameOrId}");

    public Container? TryFind(string nameOrId)
    {
        if (_byId.TryGetValue(nameOrId, out var exact)) return exact;
        if (_names.TryGetValue(nameOrId.StartsWith('/') ? nameOrId[1..] : nameOrId, out var id) && _byId.TryGetValue(id, out var named)) return named;
        if (nameOrId.Length is 0 or > 64 || nameOrId.AsSpan().ContainsAnyExcept(s_hex)) return null;
        Container? found = null;
        foreach (var (candidate, container) in _byId)
        {
            if (!candidate.StartsWith(nameOrId, StringComparison.Ordinal)) continue;
            if (found is not null) throw new EngineException(ErrorKind.InvalidArgument, $"Multiple IDs found with provided prefix: {nameOrId}");
            found = container;
        }
        return found;
    }

    /// <exception cref="EngineException">409 in Docker's words when another container has the name.</exception>
    internal void RequireName(string name, string id)
    {
        var owner = _names.GetOrAdd(name, id);
        if (owner != id)
            throw new EngineException(ErrorKind.Conflict, $"Conflict. The container name \"/{name}\" is already in use by container \"{owner}\". You have to remove (or rename) that container to be able to reuse that name.");
    }

    internal bool TryTakeName(string name, string id) => _names.GetOrAdd(name, id) == id;

    internal void GiveBackName(string name, string id) => _names.TryRemove(KeyValuePair.Create(name, id));

    internal void Add(Container container) => _byId[container.Id] = container;

    internal async Task WriteAsync(ContainerRecord record) =>
        await engine.Store.PutAsync(Prefix + record.Id, JsonSerializer.SerializeToUtf8Bytes(record, ContainerRecordJson.Default.ContainerRecord));

    internal async Task DeleteAsync(string id) => await engine.Store.DeleteAsync(Prefix + id);

    /// <summary>It is no longer found, and its name is free.</summary>
    internal void Forget(Container container)
    {
        _byId.TryRemove(container.Id, out _);
        GiveBackName(container.Name, container.Id);
    }

    /// <summary>Reads what the store has, at start-up. A record that cannot be read is reported and left alone, so that one bad entry does not hide the others.</summary>
    internal async Task LoadAsync(CancellationToken cancel)
    {
        foreach (var entry in await engine.Store.RangeAsync(Prefix, cancel))
        {
            try
            {
                var record = JsonSerializer.Deserialize(entry.Value, ContainerRecordJson.Default.ContainerRecord)!;
                _names[record.Name] = record.Id;
                Add(new Container(engine, record));
            }
            catch (JsonException error)
            {
                engine.Log.Warn($"The record {entry.Key} cannot be read and is left out: {error.Message}");
            }
        }
    }
}
