using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using Yun.Archives;
using Yun.Linux;

namespace Yun.Images.Content;

/// <summary>
/// Where files and directories of a data root go that are no longer wanted: a rename, which is instant and whole, and the slow deletion after it on a task of its own,
/// so that nobody waits for a large tree. What could not be deleted is tried again, and what a crash leaves here deleted at the next start.
/// </summary>
public sealed class Trash : IAsyncDisposable
{
    // What is not deleted by then is the next start's.
    private static readonly TimeSpan s_disposeMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_againAfter = TimeSpan.FromSeconds(30);

    private readonly string _directory;
    private readonly Channel<string> _names = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _emptying;

    internal Trash(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var left in Directory.EnumerateFileSystemEntries(directory)) _names.Writer.TryWrite(Path.GetFileName(left));
        _emptying = Task.Factory.StartNew(EmptyAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>False when there was nothing to throw away.</summary>
    public bool Throw(string path)
    {
        var name = Guid.NewGuid().ToString("N");
        using var from = PathDescriptor.Open(null, Path.GetDirectoryName(path)!, OpenFlags.Path | OpenFlags.Directory);
        using var to = PathDescriptor.Open(null, _directory, OpenFlags.Path | OpenFlags.Directory);
        switch (FileAt.TryRename(from, Path.GetFileName(path), to, name))
        {
            case Errno.None: break;
            case Errno.ENOENT: return false;
            case var errno: throw new SyscallException("renameat2", errno, path);
        }
        _names.Writer.TryWrite(name);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        _names.Writer.TryComplete();
        await Task.WhenAny(_emptying, Task.Delay(s_disposeMax));
    }

    private async Task EmptyAsync()
    {
        var left = new List<string>();
        var more = _names.Reader.WaitToReadAsync().AsTask();
        while (true)
        {
            if (left.Count > 0) await Task.WhenAny(more, Task.Delay(s_againAfter));
            else await more;
            while (_names.Reader.TryRead(out var name)) left.Add(name);
            left.RemoveAll(IsRemoved);
            if (!more.IsCompleted) continue;
            if (!await more) return;
            more = _names.Reader.WaitToReadAsync().AsTask();
        }
    }

    private bool IsRemoved(string name)
    {
        try
        {
            using var trash = PathDescriptor.Open(null, _directory, OpenFlags.ReadOnly | OpenFlags.Directory);
            TreeRemover.Remove(trash, name);
            return true;
        }
        catch (SyscallException)
        {
            // It stays in the trash, where nothing looks for it, for the next try.
            return false;
        }
    }
}
