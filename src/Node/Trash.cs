using System.Threading.Channels;

namespace Yun.Node;

/// <summary>
/// Where directories go that are no longer wanted: away in one rename, and deleted afterwards by one worker, so that nobody waits for a large tree and
/// a crash leaves nothing half-deleted in place. What an earlier daemon did not get to is deleted too.
/// </summary>
public sealed class Trash : IAsyncDisposable
{
    private readonly string _directory;
    private readonly EngineLog _log;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _worker;
    private long _count;

    public Trash(string directory, EngineLog log)
    {
        (_directory, _log) = (directory, log);
        _wake.Writer.TryWrite(true);
        _worker = Task.Run(EmptyAsync);
    }

    /// <summary>Takes the directory out of sight. One that is not there is fine.</summary>
    public void Throw(string directory)
    {
        var name = $"{Environment.ProcessId}-{Interlocked.Increment(ref _count)}-{Path.GetFileName(directory)}";
        try { Directory.Move(directory, Path.Combine(_directory, name)); }
        catch (DirectoryNotFoundException) { return; }
        _wake.Writer.TryWrite(true);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _worker;
        _stopping.Dispose();
    }

    private async Task EmptyAsync()
    {
        try
        {
            await foreach (var _ in _wake.Reader.ReadAllAsync(_stopping.Token))
                foreach (var path in Directory.EnumerateFileSystemEntries(_directory))
                {
                    _stopping.Token.ThrowIfCancellationRequested();
                    try { Delete(path); }
                    // It stays, is tried again at the next start, and is nobody's way.
                    catch (Exception error) when (error is IOException or UnauthorizedAccessException) { _log.Warn($"{path} cannot be deleted yet: {error.Message}"); }
                }
        }
        catch (OperationCanceledException) { }
    }

    // Links are removed, never followed: .NET deletes a link to a directory as a link.
    private static void Delete(string path)
    {
        if (Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null) Directory.Delete(path, recursive: true);
        else File.Delete(path);
    }
}
