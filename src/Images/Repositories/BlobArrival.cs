using Yun.Oci;

namespace Yun.Images.Repositories;

/// <summary>
/// A blob on its way here from another registry. Whoever asks for it meanwhile reads what has come, and waits for the rest. Its last bytes are given out only when all of it proved to be right,
/// so that nobody gets a wrong blob whole. It goes on coming for as long as somebody waits for it: each disposes of it once.
/// </summary>
public sealed class BlobArrival : IDisposable
{
    private const int HeldBackBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private FileStream? _file;
    private long _length;
    private bool _whole;
    private int _waiting = 1;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal BlobArrival(Descriptor blob) => (Digest, Size, Stop) = (blob.Digest, blob.Size, _stop.Token);

    public Digest Digest { get; }

    public long Size { get; }

    /// <summary>Ends when the blob is here, or with why it is not.</summary>
    public Task Download { get; internal set; } = Task.CompletedTask;

    /// <summary>Cancelled when nobody waits any more.</summary>
    internal CancellationToken Stop { get; }

    /// <summary>Reads from an offset on, at least one byte before the end; waits until there is one.</summary>
    /// <exception cref="Exception">The download's: it ended without the blob.</exception>
    public async Task<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        if (offset >= Size) return 0;
        while (true)
        {
            var (file, readable, more) = Now();
            if (file is not null && readable > offset) return await RandomAccess.ReadAsync(file.SafeFileHandle, buffer[..(int)Math.Min(buffer.Length, readable - offset)], offset, cancel);
            if (Download.IsCompleted) await Download;
            await Task.WhenAny(more, Download).WaitAsync(cancel);
        }
    }

    /// <summary>False when it has ended already, or nobody waits for it any more.</summary>
    internal bool TryJoin()
    {
        lock (_lock)
        {
            if (_waiting == 0) return false;
            _waiting++;
            return true;
        }
    }

    /// <param name="path">Where it is being written.</param>
    internal void Advance(string path, long length)
    {
        lock (_lock)
        {
            if (_waiting == 0) return;
            // By a handle of its own, which stays good when the file gets its name.
            _file ??= new FileStream(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
            _length = length;
            Wake();
        }
    }

    /// <summary>All of it is here, and right.</summary>
    internal void Complete(string path)
    {
        Advance(path, Size);
        lock (_lock)
        {
            _whole = true;
            Wake();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (--_waiting > 0) return;
            _file?.Dispose();
        }
        _stop.Cancel();
    }

    private (FileStream? File, long Readable, Task More) Now()
    {
        lock (_lock) return (_file, _whole ? Size : Math.Min(_length, Size - HeldBackBytes), _more.Task);
    }

    private void Wake()
    {
        _more.TrySetResult();
        _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
