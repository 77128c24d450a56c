using System.Globalization;
using Yun.Linux;
using Yun.Node.Logs.Targets;

namespace Yun.Node.Logs;

/// <summary>
/// Sends on what the keeper has written of a container's log. It reads the log's own files and notes how far it has come, so neither the container nor the
/// keeper ever waits for it, and a daemon that is started again goes on where the last one was: after a crash a few records come twice, none is lost
/// before the log is rotated away.
/// </summary>
internal sealed class LogForwarder
{
    private static readonly TimeSpan s_pauseMin = TimeSpan.FromSeconds(1), s_pauseMax = TimeSpan.FromSeconds(30);

    private readonly string _positionPath;
    private readonly Func<CancellationToken, Task<ILogTarget>> _connect;
    private readonly EngineLog _log;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abandoned;
    private ILogTarget? _target;
    private LogTime _sent;

    /// <param name="target">Null where it shall be connected first.</param>
    /// <param name="cancel">When the daemon ends: what was not sent the next one sends.</param>
    internal LogForwarder(
        string logPath, string positionPath, ILogTarget? target, Func<CancellationToken, Task<ILogTarget>> connect, DirectoryWatcher watcher, EngineLog log, TimeProvider time, CancellationToken cancel)
    {
        (_positionPath, _target, _connect, _log, _time) = (positionPath, target, connect, log, time);
        _sent = File.Exists(positionPath) && long.TryParse(File.ReadAllText(positionPath), NumberStyles.Integer, CultureInfo.InvariantCulture, out var known) ? new LogTime(known) : new LogTime(long.MinValue);
        _abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Done = ForwardAsync(logPath, watcher, _abandoned.Token);
    }

    /// <summary>Ends when all was sent after <see cref="Stop"/>, or the daemon ends.</summary>
    internal Task Done { get; }

    /// <summary>Nothing more will be written.</summary>
    internal void Stop() => _stopped.TrySetResult();

    /// <summary>Another goes on from what this one has noted.</summary>
    internal void Abandon()
    {
        try { _abandoned.Cancel(); }
        catch (ObjectDisposedException) { }
    }

    private async Task ForwardAsync(string logPath, DirectoryWatcher watcher, CancellationToken cancel)
    {
        await Task.Yield();
        try
        {
            using var reader = new LogReader(logPath, new LogQuery(Since: _sent == new LogTime(long.MinValue) ? null : new LogTime(_sent.Nanoseconds + 1), Follow: true, Attributes: false), _stopped.Task, watcher, _time);
            while (await reader.WaitToReadAsync(cancel))
            {
                var before = _sent;
                while (reader.TryRead(out var entry))
                {
                    await SendAsync(entry, cancel);
                    _sent = entry.Time;
                }
                if (_sent != before) File.WriteAllText(_positionPath, _sent.Nanoseconds.ToString(CultureInfo.InvariantCulture));
            }
        }
        catch (OperationCanceledException) { }
        catch (Exception error) when (error is IOException or SyscallException) { _log.Error($"The log {logPath} is not sent on any more: {error.Message}"); }
        finally
        {
            _target?.Dispose();
            _abandoned.Dispose();
        }
    }

    private async Task SendAsync(LogEntry entry, CancellationToken cancel)
    {
        for (var pause = s_pauseMin; ; pause = pause * 2 < s_pauseMax ? pause * 2 : s_pauseMax)
        {
            try
            {
                _target ??= await _connect(cancel);
                await _target.SendAsync(entry, cancel);
                return;
            }
            catch (IOException error)
            {
                if (pause == s_pauseMin) _log.Warn($"Records of a container wait, and are sent later: {error.Message}");
                _target?.Dispose();
                _target = null;
            }
            await Task.Delay(pause, _time, cancel);
        }
    }
}
