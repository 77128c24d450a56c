using Yun.Linux;

namespace Yun.Runtime.Keep;

/// <summary>
/// Reaps the orphans that the keeper inherits as subreaper. Not the kept processes, whose exits are recorded first; and nothing while a start is
/// under way, since those have children of their own that they wait for.
/// </summary>
internal sealed class Reaper(Func<int, bool> isKept)
{
    private int _startsUnderWay;

    public void StartBegins() => _startsUnderWay++;

    public void StartEnds()
    {
        _startsUnderWay--;
        Reap();
    }

    /// <summary>The kernel names one ended child at a time, so what a kept one hides is found after that has been reaped.</summary>
    public void Reap()
    {
        while (_startsUnderWay == 0 && Children.FindEnded() is var pid and > 0)
        {
            if (isKept(pid)) return;
            Children.Reap(pid);
        }
    }
}
