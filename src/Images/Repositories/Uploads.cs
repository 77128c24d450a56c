using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Yun.Images.Repositories;

/// <summary>
/// Uploads that have begun: files in <c>content/uploads</c>, called by a random id and a hash of the repository's name, so that one is found again after a restart, and only
/// under the repository it belongs to.
/// </summary>
internal sealed class Uploads(string directory, TimeProvider time) : IDisposable
{
    private const int IdLength = 32;
    private readonly ConcurrentDictionary<string, Upload> _open = new();

    public Upload Begin(string repository)
    {
        var id = Guid.NewGuid().ToString("N");
        var upload = new Upload(repository, id, PathOf(repository, id), time.GetUtcNow());
        // An empty upload too is found again after a restart.
        using (new FileStream(upload.Path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite })) { }
        return _open[upload.Path] = upload;
    }

    public Upload? Find(string repository, string id)
    {
        if (id.Length != IdLength || !id.All(char.IsAsciiHexDigitLower)) return null;
        var path = PathOf(repository, id);
        if (!_open.TryGetValue(path, out var upload))
        {
            if (!File.Exists(path)) return null;
            upload = _open.GetOrAdd(path, _ => new Upload(repository, id, path, time.GetUtcNow()));
        }
        upload.Used = time.GetUtcNow();
        return upload;
    }

    /// <summary>Its file is somebody else's now.</summary>
    public void Forget(Upload upload) => _open.TryRemove(upload.Path, out _);

    public void Remove(Upload upload)
    {
        Forget(upload);
        File.Delete(upload.Path);
    }

    /// <summary>Deletes what nobody has gone on with; gives the bytes that this freed.</summary>
    public long Expire(TimeSpan kept)
    {
        var freed = 0L;
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles())
        {
            if (!_open.TryGetValue(file.FullName, out var upload)) freed += Delete(file, file.LastWriteTimeUtc, kept);
            // One that a request writes to is not forgotten, however long that takes.
            else if (upload.TryEnter() is { } alone) using (alone) freed += Delete(file, upload.Used, kept);
        }
        return freed;
    }

    private long Delete(FileInfo file, DateTimeOffset used, TimeSpan kept)
    {
        // It may have become a blob a moment ago.
        file.Refresh();
        if (!file.Exists || time.GetUtcNow() - used < kept) return 0;
        var length = file.Length;
        _open.TryRemove(file.FullName, out _);
        file.Delete();
        return length;
    }

    public void Dispose()
    {
        foreach (var upload in _open.Values) upload.Dispose();
    }

    private string PathOf(string repository, string id) => Path.Combine(directory, $"{id}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(repository)))[..16]}");
}
