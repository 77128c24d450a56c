namespace Yun.Guest.Wire;

/// <summary>How much a sender may still send before the receiver says that it has taken some.</summary>
internal sealed class Window
{
    private readonly object _gate = new();
    private int _open = Frame.WindowBytes;

    /// <summary>Waits until there is room for at least a byte.</summary>
    public int AwaitRoom()
    {
        lock (_gate)
        {
            while (_open <= 0) Monitor.Wait(_gate);
            return _open;
        }
    }

    public void Take(int bytes)
    {
        lock (_gate) _open -= bytes;
    }

    public void Give(int bytes)
    {
        lock (_gate)
        {
            _open += bytes;
            Monitor.PulseAll(_gate);
        }
    }
}
