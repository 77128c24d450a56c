namespace Yun.Images.Transfers;

/// <summary>Bytes going by, told now and then: each line is written to a client, and a terminal shows no more than a few in a second.</summary>
internal sealed class StepProgress(IProgress<TransferProgress> progress, string status, string id, long total)
{
    private const long IntervalMilliseconds = 100;
    private long _next = Environment.TickCount64;

    public void At(long current)
    {
        var now = Environment.TickCount64;
        if (now < _next) return;
        _next = now + IntervalMilliseconds;
        progress.Report(new TransferProgress(status, id, current, total, HasDetail: true));
    }
}
