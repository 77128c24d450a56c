namespace Yun.Node;

/// <summary>Work in several steps takes itself back, last step first, unless <see cref="Keep"/> says that it all went well.</summary>
public sealed class Undo : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _steps = [];

    public void Push(Func<ValueTask> step) => _steps.Push(step);

    public void Push(Action step) => _steps.Push(() => { step(); return ValueTask.CompletedTask; });

    public void Keep() => _steps.Clear();

    // A step that fails must not keep the others from being taken back; what it leaves is found by the reconciling at the next start.
    public async ValueTask DisposeAsync()
    {
        while (_steps.TryPop(out var step))
        {
            try { await step(); }
            catch (Exception) { }
        }
    }
}
