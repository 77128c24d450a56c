using Yun.Commands.Api;
using Yun.Linux;

namespace Yun.Commands.Streams;

/// <summary>
/// Our standard streams tied to a container's: input on a thread of its own, outputs on the caller's. With a terminal, ours becomes raw, so
/// that every key reaches the container's, and what comes back is one stream; otherwise the outputs come in frames.
/// </summary>
public sealed class AttachedStreams(Session session, HijackedStream stream, bool tty) : IDisposable
{
    private readonly ManualResetEventSlim _inputEnded = new();
    private TerminalMode? _raw;
    private IDisposable[] _restoring = [];
    private volatile bool _detached;

    /// <param name="input">Whether to pass our input on.</param>
    /// <param name="output">Whether outputs are expected; without, the end of the input ends it.</param>
    /// <param name="keys">What lets go of the container; only a terminal has keys.</param>
    /// <returns>False when the user let go.</returns>
    public bool Run(bool input, bool output, DetachKeys keys)
    {
        if (input)
        {
            if (tty && session.InputIsTerminal) MakeRaw();
            new Thread(() => CopyInput(tty ? keys : null)) { IsBackground = true, Name = "stdin" }.Start();
        }
        try
        {
            if (!output) _inputEnded.Wait();
            else if (stream.IsMultiplexed ?? !tty) StreamCopy.Demultiplex(stream.Read, session.Output, session.ErrorOutput);
            else StreamCopy.Raw(stream.Read, session.Output);
        }
        catch (ConnectException) when (_detached)
        {
            // Closing the stream is how the input's thread wakes this one.
        }
        return !_detached;
    }

    private void CopyInput(DetachKeys? keys)
    {
        var buffer = new byte[4096];
        try
        {
            while (session.Input.Read(buffer, 0, buffer.Length) is > 0 and var count)
            {
                if (keys is null) stream.Write(buffer.AsSpan(0, count));
                else if (keys.Filter(buffer.AsSpan(0, count)) is { } passed) stream.Write(passed);
                else
                {
                    _detached = true;
                    stream.CloseWrite();
                    stream.Dispose();
                    return;
                }
            }
            stream.CloseWrite();
        }
        catch (Exception error) when (error is ConnectException or IOException)
        {
            // The container is gone, and nobody reads any more; its end is seen on the outputs.
        }
        finally
        {
            _inputEnded.Set();
        }
    }

    // A signal that ends us must not leave the user's terminal raw.
    private void MakeRaw()
    {
        _raw = TerminalMode.MakeRaw(0);
        _restoring = [.. OwnSignals.Ending.Select(signal => OwnSignals.On(signal, () =>
        {
            _raw?.Dispose();
            Environment.Exit(128 + signal);
        }))];
    }

    public void Dispose()
    {
        foreach (var registration in _restoring) registration.Dispose();
        _raw?.Dispose();
        stream.Dispose();
        // Not the event: the input's thread may still wait for a key that nobody will type.
    }
}
