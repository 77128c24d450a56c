using System.Globalization;
using Yun.Guest.Wire;

namespace Yun.Guest.Vmm;

/// <summary>
/// Whether the guest still lives: its first process says so every two seconds. One that is silent is told of, and at last ended, so that its restart policy can start
/// it again. Programs that take all processors or all memory of the guest do not silence that process; a kernel that hangs does.
/// </summary>
internal sealed class GuestWatch
{
    private const int TellAfterMax = 20;
    // This process has been stopped as well: a pause, or a machine that slept.
    private const int TickMillisecondsMax = 5000;

    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private readonly Emulator _emulator;
    private readonly EngineReport _report;
    private readonly int _endAfter;
    private int _said;

    /// <param name="endAfter">Seconds of silence; 0 tells of it and never ends the machine.</param>
    public GuestWatch(Emulator emulator, EngineReport report, int endAfter)
    {
        (_emulator, _report, _endAfter) = (emulator, report, endAfter);
        Threads.Start(Watch);
    }

    /// <summary>Why it ended the machine; null when it did not.</summary>
    public string? Cause { get; private set; }

    /// <summary>The guest has said something.</summary>
    public void Seen() => Volatile.Write(ref _said, 1);

    private void Watch()
    {
        var tellAfter = _endAfter == 0 ? TellAfterMax : Math.Min(TellAfterMax, Math.Max(1, _endAfter / 2));
        for (var silent = 0; ;)
        {
            var began = Environment.TickCount64;
            Thread.Sleep(s_tick);
            if (Interlocked.Exchange(ref _said, 0) == 1)
            {
                if (silent >= tellAfter) _report.Happened("responsive", Text($"the guest speaks again after {silent} seconds"));
                silent = 0;
                continue;
            }
            silent = Environment.TickCount64 - began > TickMillisecondsMax ? 0 : silent + 1;
            if (silent == tellAfter) _report.Happened("unresponsive", Text($"the guest has been silent for {silent} seconds"));
            if (_endAfter == 0 || silent < _endAfter) continue;
            Cause = Text($"the guest was silent for {silent} seconds, and was ended");
            _emulator.Kill();
            return;
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
