using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Keeper;

/// <summary>What answers a call: the reply's messages, one after the other, and the descriptors that came with them.</summary>
internal sealed record KeeperAnswer(List<KeeperReply> Replies, List<SafeFileHandle> Descriptors) : IDisposable
{
    public void Dispose() => Descriptors.ForEach(descriptor => descriptor.Dispose());
}

/// <summary>
/// One connection to the keeper: calls with deadlines, and news. A thread reads, because .NET's sockets do not receive descriptors; it ends when
/// either side closes.
/// </summary>
internal sealed class KeeperConnection : IDisposable
{
    private readonly UnixSocket _socket;
    private readonly Thread _reader;
    private readonly Action<KeeperExit> _exited;
    private readonly Action<Exception?> _closed;
    private readonly Dictionary<long, Call> _calls = [];
    private readonly Dictionary<long, Action<KeeperAnswer>?> _abandoned = [];
    private readonly Lock _sending = new();
    private long _lastId;
    private bool _ended;

    private sealed record Call(TaskCompletionSource<KeeperAnswer> Done, KeeperAnswer Answer);

    /// <param name="exited">Called on the reading thread.</param>
    /// <param name="closed">Called once, on the reading thread, when the connection has ended; with null when this side closed it.</param>
    public KeeperConnection(UnixSocket socket, Action<KeeperExit> exited, Action<Exception?> closed)
    {
        (_socket, _exited, _closed) = (socket, exited, closed);
        // A keeper that does not read for this long is stopped or stuck, and its socket full.
        _socket.SetSendTimeout(TimeSpan.FromSeconds(10));
        _reader = new Thread(Read, 256 << 10) { IsBackground = true, Name = "keeper" };
    }

    /// <summary>Nothing more comes from the keeper.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_calls)
                return _ended;
        }
    }

    public void Open() => _reader.Start();

    /// <param name="late">Takes an answer that nobody waits for any more, on the reading thread.</param>
    public async Task<KeeperAnswer> CallAsync(KeeperRequest request, string what, TimeSpan deadline, CancellationToken cancel,
        ReadOnlyMemory<byte> payload = default, IReadOnlyList<SafeHandle>? descriptors = null, Action<KeeperAnswer>? late = null)
    {
        var call = new Call(new(TaskCreationOptions.RunContinuationsAsynchronously), new([], []));
        request.Id = Interlocked.Increment(ref _lastId);
        lock (_calls)
        {
            if (_ended)
                throw Unavailable();
            _calls.Add(request.Id, call);
        }
        Send(Encode(request, payload.Span), descriptors ?? []);
        try
        {
            var answer = await call.Done.Task.WaitAsync(deadline, cancel).ConfigureAwait(false);
            return answer.Replies[^1].Error is { } error ? throw KeeperException(error) : answer;
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            bool answered;
            lock (_calls)
            {
                answered = !_calls.Remove(request.Id);
                if (!answered)
                    _abandoned.Add(request.Id, late);
            }
            // The answer came between the deadline and here; it is as late as one that is still to come.
            if (answered && call.Done.Task.IsCompletedSuccessfully)
                Discard(call.Answer, late);
            if (failure is TimeoutException)
                throw new EngineException(ErrorKind.Unavailable, $"The keeper did not {what} within {deadline.TotalSeconds:0} seconds.", failure);
            throw;
        }
    }

    /// <summary>Asks without waiting for the answer.</summary>
    public void Post(KeeperRequest request)
    {
        request.Id = Interlocked.Increment(ref _lastId);
        Send(Encode(request, default), []);
    }

    public void Dispose()
    {
        if (_socket.Handle.IsClosed)
            return;
        lock (_calls)
            _ended = true;
        _socket.Shutdown();
        if (_reader.IsAlive && Thread.CurrentThread != _reader)
            _reader.Join();
        _socket.Dispose();
    }

    private static byte[] Encode(KeeperRequest request, ReadOnlySpan<byte> payload) =>
        KeeperFrame.Encode(JsonSerializer.SerializeToUtf8Bytes(request, KeeperJson.Default.KeeperRequest), payload);

    private static EngineException KeeperException(KeeperError error) => new(error.Kind, error.Message,
        error.Errno != 0 ? new SyscallException(error.Step ?? "start", (Errno)error.Errno) : null);

    private static EngineException Unavailable(Exception? cause = null) => new(ErrorKind.Unavailable, "The keeper of the containers is gone.", cause);

    private void Send(ReadOnlySpan<byte> frame, IReadOnlyList<SafeHandle> descriptors)
    {
        Span<int> numbers = stackalloc int[descriptors.Count];
        var held = 0;
        try
        {
            for (; held < descriptors.Count; held++)
            {
                var added = false;
                descriptors[held].DangerousAddRef(ref added);
                numbers[held] = (int)descriptors[held].DangerousGetHandle();
            }
            lock (_sending)
            {
                for (var sent = 0; sent < frame.Length;)
                {
                    var count = _socket.Send(frame[sent..], sent == 0 ? numbers : default);
                    // Half a frame has gone: nothing after it would be understood.
                    if (count < 0)
                        throw new SyscallException("sendmsg", Errno.ETIMEDOUT);
                    sent += count;
                }
            }
        }
        catch (SyscallException error)
        {
            _socket.Shutdown();
            throw Unavailable(error);
        }
        finally
        {
            while (held-- > 0)
                descriptors[held].DangerousRelease();
        }
    }

    private void Read()
    {
        Exception? cause = null;
        var descriptors = new List<SafeFileHandle>();
        try
        {
            var frames = new KeeperFrameReader();
            int count;
            while ((count = _socket.Receive(frames.Free(), descriptors)) > 0)
            {
                frames.Received(count);
                while (frames.TryRead(out var json, out _))
                    Deliver(JsonSerializer.Deserialize(json.Span, KeeperJson.Default.KeeperReply)!, descriptors);
                frames.Trim();
            }
        }
        catch (Exception error) when (error is SyscallException or InvalidDataException or JsonException)
        {
            cause = error;
        }
        Call[] unanswered;
        bool closedHere;
        lock (_calls)
        {
            (closedHere, _ended) = (_ended, true);
            unanswered = [.. _calls.Values];
            _calls.Clear();
        }
        descriptors.ForEach(descriptor => descriptor.Dispose());
        foreach (var call in unanswered)
        {
            call.Answer.Dispose();
            call.Done.TrySetException(Unavailable(cause));
        }
        _closed(closedHere ? null : Unavailable(cause));
    }

    private void Deliver(KeeperReply reply, List<SafeFileHandle> descriptors)
    {
        if (reply.Exited is { } exit)
        {
            _exited(exit);
            return;
        }
        var count = reply.HeldCount ?? reply.Processes?.Sum(process => process.Descriptors) ?? 0;
        if (count > descriptors.Count)
            throw new InvalidDataException("The keeper announced more descriptors than it sent.");
        var own = descriptors.GetRange(0, count);
        descriptors.RemoveRange(0, count);
        Action<KeeperAnswer>? late;
        lock (_calls)
        {
            if (_calls.TryGetValue(reply.Id, out var call))
            {
                call.Answer.Replies.Add(reply);
                call.Answer.Descriptors.AddRange(own);
                if (reply.More)
                    return;
                _calls.Remove(reply.Id);
                call.Done.TrySetResult(call.Answer);
                return;
            }
            late = _abandoned.GetValueOrDefault(reply.Id);
            if (!reply.More)
                _abandoned.Remove(reply.Id);
        }
        Discard(new([reply], own), late);
    }

    private static void Discard(KeeperAnswer answer, Action<KeeperAnswer>? late)
    {
        late?.Invoke(answer);
        answer.Dispose();
    }
}
