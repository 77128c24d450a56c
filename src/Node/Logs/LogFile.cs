using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Node.Logs;

/// <summary>One open file of a log, read line by line while it may grow, or be truncated, under the reader. It stays the same file when it is renamed.</summary>
internal sealed class LogFile : IDisposable
{
    // The keeper splits lines at 16 KiB, and escaping takes at most six bytes for one; what is longer is damaged.
    private const int LineBytesMax = 1 << 20;
    private const int BlockBytes = 64 << 10;

    private readonly SafeFileHandle _file;
    private byte[] _buffer = new byte[BlockBytes];
    private int _start, _end;
    private long _offset;
    private bool _skipping;

    private LogFile(SafeFileHandle file)
    {
        _file = file;
        var status = FileAt.Status(file);
        (FileSystem, Inode) = (status.FileSystem, status.Inode);
    }

    private ulong FileSystem { get; }
    private ulong Inode { get; }

    public LogTime LastWrite => FileAt.Status(_file).Modified is var time ? new LogTime(time.Seconds * 1_000_000_000 + time.Nanoseconds) : default;

    /// <summary>Null when there is no such file.</summary>
    public static LogFile? TryOpen(string path)
    {
        var errno = PathDescriptor.TryOpen(null, path, OpenFlags.ReadOnly, out var file);
        return file is not null ? new LogFile(file)
            : errno == Errno.ENOENT ? null : throw new SyscallException("open", errno, path);
    }

    /// <summary>The path still leads to this file.</summary>
    public bool IsAt(string path)
    {
        if (PathDescriptor.TryOpen(null, path, OpenFlags.Path | OpenFlags.NoFollow, out var there) != Errno.None) return false;
        using (there) return FileAt.Status(there!) is var status && status.Inode == Inode && status.FileSystem == FileSystem;
    }

    public bool IsSameAs(LogFile other) => other.Inode == Inode && other.FileSystem == FileSystem;

    /// <summary>The next whole line without its end. False when there is none yet.</summary>
    public bool TryReadLine(out ReadOnlySpan<byte> line)
    {
        var searched = _start;
        while (true)
        {
            var length = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = _buffer.AsSpan(_start, searched - _start + length);
                _start = searched + length + 1;
                if (!_skipping) return true;
                _skipping = false;
                searched = _start;
                continue;
            }
            if (!Fill(out searched))
            {
                line = default;
                return false;
            }
        }
    }

    /// <summary>Goes to where the last <paramref name="count"/> lines begin; gives how many there are, if fewer.</summary>
    public int SeekTail(int count)
    {
        var found = -1;
        var block = new byte[BlockBytes];
        for (var end = RandomAccess.GetLength(_file); end > 0;)
        {
            var from = Math.Max(0, end - BlockBytes);
            var read = RandomAccess.Read(_file, block.AsSpan(0, (int)(end - from)), from);
            // The line that begins after an end is counted at that end; the last end of the file has none after it.
            for (var at = block.AsSpan(0, read).LastIndexOf((byte)'\n'); at >= 0; at = block.AsSpan(0, at).LastIndexOf((byte)'\n'))
            {
                if (++found < count) continue;
                Seek(from + at + 1);
                return count;
            }
            end = from;
        }
        Seek(0);
        return found + 1;
    }

    public void Dispose() => _file.Dispose();

    private void Seek(long offset) => (_offset, _start, _end, _skipping) = (offset, 0, 0, false);

    // What was there before needs no second search for an end.
    private bool Fill(out int searched)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            if (_buffer.Length < LineBytesMax) Array.Resize(ref _buffer, _buffer.Length * 2);
            else (_end, _skipping) = (0, true);
        }
        searched = _end;
        var count = RandomAccess.Read(_file, _buffer.AsSpan(_end), _offset);
        _offset += count;
        _end += count;
        // Emptied under us: begin anew.
        if (count == 0 && RandomAccess.GetLength(_file) < _offset) Seek(0);
        return count > 0;
    }
}
