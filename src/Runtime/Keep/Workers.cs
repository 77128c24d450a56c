namespace Yun.Runtime.Keep;

/// <summary>
/// Threads for what waits: starts, and the disk's confirmation of exits. They are made when all are busy, and never end: a container's first
/// process may be told by the kernel when the thread that made it does.
/// </summary>
internal sealed class Workers(int threadsMax)
{
    private const int StackBytes = 512 << 10;

    private readonly Queue<Action> _work = new();
    private int _threads, _idle;

    public void Run(Action work)
    {
        lock (_work)
        {
            _work.Enqueue(work);
            if (_idle >= _work.Count || _threads == threadsMax)
            {
                Monitor.Pulse(_work);
                return;
            }
            _threads++;
        }
        new Thread(Loop, StackBytes) { IsBackground = true, Name = "worker" }.Start();
    }

    private void Loop()
    {
        while (true)
        {
            Action work;
            lock (_work)
            {
                _idle++;
                while (_work.Count == 0) Monitor.Wait(_work);
                _idle--;
                work = _work.Dequeue();
            }
            try { work(); }
            catch (Exception error) { Journal.Write($"fault: {error}"); }
        }
    }
}
