using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Images;
using Yun.Images.Registry;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Machines.Disks;

/// <summary>A disk that is never changed, and that machines have their changes over.</summary>
public sealed record LibraryDisk
{
    public string Id { get; set; } = "";
    /// <summary>Empty for one that lies below disks of machines only: it goes with the last of them.</summary>
    public string Name { get; set; } = "";
    public string Format { get; set; } = DiskFormat.Qcow2;
    /// <summary>What a guest sees.</summary>
    public long SizeBytes { get; set; }
    public DateTimeOffset Created { get; set; }
}

/// <summary>Imported disks, and those that machines which were cloned have in common: files under <c>machines/library</c> of the data root, named by their ids.</summary>
public sealed class DiskLibrary
{
    /// <summary>A disk in a registry.</summary>
    internal static readonly ArtifactKind Kind = new("application/vnd.yun.machine.disk.v1", "application/vnd.yun.machine.disk.v1.qcow2");

    private const string Prefix = "/machine-disks/", Draft = ".part";
    private const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _folder;
    private readonly Engine _engine;
    private readonly ConcurrentDictionary<string, LibraryDisk> _disks = new(StringComparer.Ordinal);
    private readonly HashSet<string> _held = [];

    internal DiskLibrary(Engine engine)
    {
        (_engine, _folder) = (engine, Path.Combine(engine.Options.DataRoot, "machines", "library"));
        // Machines' users read them by mounts; nobody else gets into the folder.
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public IReadOnlyList<LibraryDisk> List() => [.. _disks.Values.Where(disk => disk.Name != "").OrderBy(disk => disk.Name, StringComparer.Ordinal)];

    /// <exception cref="EngineException">NotFound.</exception>
    public LibraryDisk Find(string name) => _disks.Values.FirstOrDefault(disk => disk.Name == name) ?? throw new EngineException(ErrorKind.NotFound, $"No such disk: {name}");

    public LibraryDisk OfId(string id) => _disks.TryGetValue(id, out var disk) ? disk : throw new EngineException(ErrorKind.NotFound, $"The disk {id} that others lie over is gone.");

    internal string PathOf(string id) => Path.Combine(_folder, id);

    /// <summary>Takes a disk in. When it returns, it is on the disk as a whole.</summary>
    /// <exception cref="EngineException">Conflict: the name is taken. InvalidArgument: it is no disk.</exception>
    /// <param name="digest">What the content must be; null takes it as it comes.</param>
    public async Task<LibraryDisk> ImportAsync(string name, Stream content, Digest? digest, CancellationToken cancel)
    {
        Validation.Name(name);
        RequireFree(name);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var draft = PathOf(id) + Draft;
        try
        {
            await using (var file = new FileStream(draft, FileMode.CreateNew))
                if (await CopySparselyAsync(content, file, cancel) is var found && digest is not null && found != digest) throw new EngineException(ErrorKind.Internal, $"The disk {name} is damaged: it has the digest {found}, not {digest}.");
            DiskFile disk;
            using (var file = File.OpenHandle(draft, FileMode.Open, FileAccess.ReadWrite))
            {
                disk = DiskFile.Read(file, name);
                OpenFile.Sync(file);
            }
            return await AddAsync(draft, new LibraryDisk { Id = id, Name = name, Format = disk.Format, SizeBytes = disk.SizeBytes, Created = _engine.Time.GetUtcNow() });
        }
        finally { File.Delete(draft); }
    }

    /// <summary>Takes in a disk that was pushed.</summary>
    /// <param name="name">Null is the last part of the reference's path.</param>
    public async Task<LibraryDisk> PullAsync(ImageReference reference, string? name, RegistryAuth? auth, CancellationToken cancel)
    {
        name ??= reference.Path[(reference.Path.LastIndexOf('/') + 1)..];
        Validation.Name(name);
        RequireFree(name);
        var (blob, descriptor) = await _engine.Images.OpenArtifactAsync(reference, Kind, auth, cancel);
        await using (blob) return await ImportAsync(name, blob, descriptor.Digest, cancel);
    }

    public async Task RemoveAsync(string name)
    {
        var disk = Find(name);
        if (_engine.Machines.List().FirstOrDefault(machine => machine.Record.Disks.Any(own => own.Bases.Contains(disk.Id))) is { } user)
            throw new EngineException(ErrorKind.Conflict, $"The disk {name} is in use by the machine {user.Name}: remove that first.");
        await DeleteAsync(disk);
    }

    /// <summary>A machine's own disk becomes one that others may lie over; its file keeps its name there beside the one here. Held until <see cref="Release"/>.</summary>
    internal async Task<LibraryDisk> FreezeAsync(string path, string format, long sizeBytes)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        lock (_disks) _held.Add(id);
        using (var from = PathDescriptor.Open(null, Path.GetDirectoryName(path)!, OpenFlags.Path | OpenFlags.Directory))
        using (var to = PathDescriptor.Open(null, _folder, OpenFlags.Path | OpenFlags.Directory))
            if (FileAt.TryHardLink(from, Path.GetFileName(path), to, id + Draft) is var errno and not Errno.None) throw new SyscallException("linkat", errno, path);
        return await AddAsync(PathOf(id) + Draft, new LibraryDisk { Id = id, Format = format, SizeBytes = sizeBytes, Created = _engine.Time.GetUtcNow() });
    }

    /// <summary>Machines that lie over frozen disks are recorded now.</summary>
    internal void Release(IEnumerable<string> ids)
    {
        lock (_disks) _held.ExceptWith(ids);
    }

    /// <summary>Deletes those without a name that no machine lies over any more.</summary>
    internal async Task CollectAsync()
    {
        var used = _engine.Machines.List().SelectMany(machine => machine.Record.Disks).SelectMany(disk => disk.Bases).ToHashSet();
        foreach (var disk in _disks.Values)
            if (disk.Name == "" && !used.Contains(disk.Id) && !IsHeld(disk.Id)) await DeleteAsync(disk);
    }

    internal async Task LoadAsync(CancellationToken cancel)
    {
        foreach (var entry in await _engine.Store.RangeAsync(Prefix, cancel))
            if (JsonSerializer.Deserialize(entry.Value, LibraryJson.Default.LibraryDisk) is { } disk) _disks[disk.Id] = disk;
        foreach (var file in Directory.EnumerateFiles(_folder))
            if (!_disks.ContainsKey(Path.GetFileName(file))) File.Delete(file);
    }

    private async Task<LibraryDisk> AddAsync(string file, LibraryDisk disk)
    {
        using (var opened = PathDescriptor.Open(null, file, OpenFlags.ReadWrite)) OpenFile.ChangeOwner(opened, 0, 0);
        File.SetUnixFileMode(file, ForAll);
        lock (_disks)
        {
            if (disk.Name != "") RequireFree(disk.Name);
            File.Move(file, PathOf(disk.Id));
            _disks[disk.Id] = disk;
        }
        await _engine.Store.PutAsync(Prefix + disk.Id, JsonSerializer.SerializeToUtf8Bytes(disk, LibraryJson.Default.LibraryDisk));
        return disk;
    }

    private async Task DeleteAsync(LibraryDisk disk)
    {
        await _engine.Store.DeleteAsync(Prefix + disk.Id);
        _disks.TryRemove(disk.Id, out _);
        File.Delete(PathOf(disk.Id));
    }

    private bool IsHeld(string id)
    {
        lock (_disks) return _held.Contains(id);
    }

    private void RequireFree(string name)
    {
        if (_disks.Values.Any(disk => disk.Name == name)) throw new EngineException(ErrorKind.Conflict, $"The name {name} is already in use by another disk: remove that first.");
    }

    /// <summary>Blocks of zeros become holes. Gives the digest of all.</summary>
    private static async Task<Digest> CopySparselyAsync(Stream from, FileStream to, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[256 << 10];
        var length = 0L;
        for (int count; (count = await from.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancel)) > 0; length += count)
        {
            hash.AppendData(block, 0, count);
            if (block.AsSpan(0, count).ContainsAnyExcept((byte)0)) await to.WriteAsync(block.AsMemory(0, count), cancel);
            else to.Seek(count, SeekOrigin.Current);
        }
        to.SetLength(length);
        return Digest.Parse($"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}");
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(LibraryDisk))]
internal sealed partial class LibraryJson : JsonSerializerContext;
