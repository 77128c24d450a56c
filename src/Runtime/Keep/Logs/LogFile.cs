using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Runtime.Keep.Logs;

/// <summary>
/// A log file and its rotated predecessors, path.1 the youngest. As with Docker, a file that has reached its size is rotated before the next
/// record, and a record that cannot be written is lost, not waited for.
/// </summary>
internal sealed class LogFile : IRecordSink
{
    private const uint Mode = 0x1a0; // 0640

    private readonly KeeperLog _settings;
    private SafeFileHandle _file;
    private long _size;
    private bool _failing;

    public LogFile(KeeperLog settings)
    {
        _settings = settings;
        _file = Open();
        _size = OpenFile.Length(_file);
    }

    public void Write(ReadOnlySpan<byte> records)
    {
        var max = _settings.FileBytesMax;
        while (!records.IsEmpty)
        {
            var part = records.Length;
            if (max > 0)
            {
                if (_size >= max) Rotate();
                if (max - _size is var left && left > 0 && left < part)
                    part = (int)left + records[((int)left - 1)..].IndexOf((byte)'\n');
            }
            Append(records[..part]);
            records = records[part..];
        }
    }

    public void Flush()
    {
    }

    public void Clear()
    {
        for (var i = 1; i < Math.Max(2, _settings.FilesMax); i++) Files.TryRemove(Rotated(i));
        Descriptors.Truncate(_file, 0);
        _size = 0;
    }

    public void Close(Action done)
    {
        _file.Dispose();
        done();
    }

    private SafeFileHandle Open() => PathDescriptor.Open(null, _settings.Path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append, mode: Mode);

    private void Append(ReadOnlySpan<byte> records)
    {
        var left = records;
        while (!left.IsEmpty)
        {
            var count = Descriptors.Write(_file, left, out var errno);
            if (count < 0)
            {
                Failed(errno);
                return;
            }
            left = left[count..];
        }
        _size += records.Length;
        _failing = false;
    }

    // Half a record would make everything after it unreadable to those who follow the file.
    private void Failed(Errno errno)
    {
        try { Descriptors.Truncate(_file, _size); }
        catch (SyscallException) { }
        if (!_failing) Journal.Write($"log {_settings.Path}: {errno.Describe()}; lines are lost");
        _failing = true;
    }

    private void Rotate()
    {
        try
        {
            if (_settings.FilesMax < 2)
            {
                Descriptors.Truncate(_file, 0);
            }
            else
            {
                for (var i = _settings.FilesMax - 1; i > 1; i--)
                    if (Files.Exists(Rotated(i - 1))) Files.Rename(Rotated(i - 1), Rotated(i));
                Files.Rename(_settings.Path, Rotated(1));
                var before = _file;
                _file = Open();
                before.Dispose();
            }
            _size = 0;
        }
        catch (SyscallException error)
        {
            if (!_failing) Journal.Write($"log {_settings.Path} is not rotated: {error.Message}");
            _failing = true;
        }
    }

    private string Rotated(int number) => $"{_settings.Path}.{number}";
}
