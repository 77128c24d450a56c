using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Yun.Oci;

namespace Yun.Images.Content;

// Documents that are of use at once and come to the disk later, many by one sync. Until then they are in memory: a file under a digest is whole.
internal sealed partial class ContentStore
{
    private readonly ConcurrentDictionary<Digest, byte[]> _held = new();

    public bool IsSettled => _held.IsEmpty;

    /// <summary>As <see cref="Write"/>, but it is on the disk only when it has been settled.</summary>
    public Digest Hold(byte[] document)
    {
        var digest = Digest.Of(document);
        if (_held.ContainsKey(digest)) return digest;
        if (TryRead(digest) is null) _held[digest] = document;
        // Somebody else is about to bring it to the disk.
        else if (_publishing.TryGetValue(digest, out var publishing)) publishing.Task.Wait();
        return digest;
    }

    /// <summary>What is held, written and not yet synced. The caller syncs the files, and then calls <see cref="HeldDraft.Publish"/>.</summary>
    public HeldDraft WriteHeld() => new(this, _held);

    /// <summary>Forgets what is held: it could not be brought to the disk.</summary>
    public void DropHeld() => _held.Clear();

    private void SettleHeld()
    {
        using var draft = WriteHeld();
        foreach (var file in draft.Files) Linux.OpenFile.Sync(file);
        draft.Publish();
    }

    public sealed class HeldDraft : IDisposable
    {
        private readonly ContentStore _store;
        private readonly List<(Digest Digest, byte[] Bytes, FileStream File)> _files = [];

        internal HeldDraft(ContentStore store, IEnumerable<KeyValuePair<Digest, byte[]>> held)
        {
            _store = store;
            try
            {
                foreach (var (digest, bytes) in held)
                {
                    var file = new FileStream(Path.Combine(store.Incoming, Guid.NewGuid().ToString("N")), new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                    });
                    _files.Add((digest, bytes, file));
                    file.Write(bytes);
                }
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public IReadOnlyList<SafeFileHandle> Files => [.. _files.Select(one => one.File.SafeFileHandle)];

        /// <summary>Makes the files blobs, on the disk when it returns.</summary>
        public void Publish()
        {
            if (_files.Count == 0) return;
            foreach (var (digest, _, file) in _files) File.Move(file.Name, _store.PathOf(digest), overwrite: true);
            _store.SyncNames();
            foreach (var (digest, bytes, _) in _files) _store._held.TryRemove(KeyValuePair.Create(digest, bytes));
        }

        public void Dispose()
        {
            foreach (var (_, _, file) in _files)
            {
                file.Dispose();
                // Nothing is there any more of what has become a blob.
                File.Delete(file.Name);
            }
        }
    }
}
