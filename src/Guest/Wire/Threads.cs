namespace Yun.Guest.Wire;

internal static class Threads
{
    private const int StackBytes = 256 << 10;

    /// <summary>A thread that holds nothing which must be finished; what runs on them calls nothing deep.</summary>
    public static Thread Start(ThreadStart work)
    {
        var thread = new Thread(work, StackBytes) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
