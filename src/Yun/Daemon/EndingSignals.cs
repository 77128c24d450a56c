using System.Runtime.InteropServices;

namespace Yun.Daemon;

/// <summary>SIGTERM and SIGINT, by which a program that serves is asked to end in order. A second one, also while all else has gone already, changes nothing.</summary>
internal sealed class EndingSignals : IDisposable
{
    // Nothing that could be disposed of before the last signal's handler has run.
    private readonly TaskCompletionSource _came = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration _term, _interrupt;

    public EndingSignals() => (_term, _interrupt) = (PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take), PosixSignalRegistration.Create(PosixSignal.SIGINT, Take));

    /// <summary>Returns when one has come, or the caller gives up.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        try { await _came.Task.WaitAsync(cancel); }
        catch (OperationCanceledException) { }
    }

    public void Dispose()
    {
        _term.Dispose();
        _interrupt.Dispose();
    }

    private void Take(PosixSignalContext context)
    {
        context.Cancel = true;
        _came.TrySetResult();
    }
}
