using System.Threading.Channels;
using Yun.Linux;

namespace Yun.Node.Logs;

/// <summary>
/// Reads a container's log as the keeper writes it: the file and its rotated predecessors, <c>path.1</c> the youngest. Following needs neither
/// polling nor the writer's help, so it does not matter who has been restarted meanwhile. Memory is bounded by one line.
/// <code>while (await reader.WaitToReadAsync(cancel)) { while (reader.TryRead(out var entry)) …; flush }</code>
/// </summary>
public sealed class LogReader : IDisposable
{
    private readonly string _path;
    private readonly LogQuery _query;
    private readonly Task _stopped;
    private readonly TimeProvider _time;
    private readonly LogRecord _record = new();
    private readonly Queue<LogFile> _older = [];
    private readonly IDisposable? _watch;
    // Holds one token when something has changed since the files were last found to have no more.
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private LogFile? _file;
    private LogTime _last = new(long.MinValue);
    private LogTime _skipTo = new(long.MinValue);
    private bool _renamed, _lastRound, _ended;

    /// <param name="path">The log's current file; it need not exist yet.</param>
    /// <param name="stopped">Is over when nothing more will be written; only looked at when following.</param>
    public LogReader(string path, LogQuery query, Task stopped, DirectoryWatcher watcher, TimeProvider time)
    {
        (_path, _query, _stopped, _time) = (path, query, stopped, time);
        // The watch comes first: what is written from here on is seen by one or the other.
        if (query.Follow) _watch = watcher.Subscribe(Path.GetDirectoryName(path)!, () => _changed.Writer.TryWrite(true));
        OpenAll();
        _changed.Writer.TryWrite(true);
    }

    /// <summary>The next record that is wanted. False when there is none at the moment; <see cref="WaitToReadAsync"/> says whether there will be.</summary>
    public bool TryRead(out LogEntry entry)
    {
        while (!_ended)
        {
            if (_file is null && !Next()) break;
            if (!_file!.TryReadLine(out var line))
            {
                if (Next()) continue;
                break;
            }
            if (!_record.TryParse(line, _query.Attributes, out entry) || entry.Time <= _skipTo) continue;
            _last = entry.Time;
            if (_query.Until is { } until && entry.Time > until)
            {
                _ended = true;
                break;
            }
            if (entry.IsError ? !_query.Stderr : !_query.Stdout) continue;
            if (_query.Since is { } since && entry.Time < since) continue;
            return true;
        }
        entry = default;
        return false;
    }

    /// <summary>Returns true when it is worth trying again, and false at the end of all.</summary>
    public async ValueTask<bool> WaitToReadAsync(CancellationToken cancel = default)
    {
        if (_ended) return false;
        if (_lastRound)
        {
            _ended = true;
            return false;
        }
        if (!_query.Follow) return _lastRound = true;
        if (_changed.Reader.TryRead(out _)) return true;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var changed = _changed.Reader.WaitToReadAsync(limit.Token).AsTask();
        var over = _query.Until is { } until ? Task.Delay(Until(until), _time, limit.Token) : Task.Delay(Timeout.InfiniteTimeSpan, limit.Token);
        var first = await Task.WhenAny(changed, _stopped, over);
        await limit.CancelAsync();
        cancel.ThrowIfCancellationRequested();
        // What was written just before the stop is still to be read.
        if (first != changed) _lastRound = true;
        else _changed.Reader.TryRead(out _);
        return true;
    }

    public void Dispose()
    {
        _watch?.Dispose();
        _file?.Dispose();
        while (_older.TryDequeue(out var file)) file.Dispose();
    }

    private TimeSpan Until(LogTime until)
    {
        var left = (until.Nanoseconds - LogTime.From(_time.GetUtcNow()).Nanoseconds) / 100;
        return TimeSpan.FromTicks(Math.Clamp(left, 0, TimeSpan.FromDays(20).Ticks));
    }

    private string Rotated(int number) => number == 0 ? _path : $"{_path}.{number}";

    // From the youngest back, as far as the tail or the time reaches. A rotation meanwhile shows a file twice, under its old name and its new one.
    private void OpenAll()
    {
        var files = new List<LogFile>();
        var wanted = _query.Tail ?? int.MaxValue;
        for (var number = 0; LogFile.TryOpen(Rotated(number)) is { } file; number++)
        {
            if (files.Count > 0 && file.IsSameAs(files[^1]))
            {
                file.Dispose();
                continue;
            }
            if (number > 0 && _query.Since is { } since && file.LastWrite < since)
            {
                file.Dispose();
                break;
            }
            files.Add(file);
            if (_query.Tail is not null) wanted -= file.SeekTail(wanted);
            if (wanted == 0) break;
        }
        for (var i = files.Count - 1; i >= 0; i--) _older.Enqueue(files[i]);
        _older.TryDequeue(out _file);
    }

    // Goes on to the file after the one that has been read to its end. False when there is none.
    private bool Next()
    {
        if (_older.TryDequeue(out var younger)) return Replace(younger);
        if (!_query.Follow) return false;
        if (_file is null) return LogFile.TryOpen(_path) is { } first && Replace(first);
        if (_file.IsAt(_path)) return false;
        if (!_renamed)
        {
            // What came between the last read and the renaming is still in it.
            _renamed = true;
            return true;
        }
        var number = 1;
        while (File.Exists(Rotated(number)) && !_file.IsAt(Rotated(number))) number++;
        if (!File.Exists(Rotated(number)))
        {
            // Rotated away altogether while we were slow; go on with the oldest there is, past what has been read.
            _skipTo = _last;
            number = Math.Max(1, number);
        }
        return LogFile.TryOpen(Rotated(number - 1)) is { } next && Replace(next);
    }

    private bool Replace(LogFile next)
    {
        _file?.Dispose();
        (_file, _renamed) = (next, false);
        return true;
    }
}
