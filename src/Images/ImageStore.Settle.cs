using Yun.Linux;
using Yun.Protocol;

namespace Yun.Images;

// What a build makes on its way is promised to nobody until the build ends. It is of use at once and comes to the disk later, all together: first the files of layers and configurations
// by one sync, then the names they are found by, then the records, by one commit. So what is recorded always is on the disk.
public sealed partial class ImageStore
{
    // Steps that took long are not to be done again because the daemon dies in a later one.
    private static readonly TimeSpan s_settleWithin = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closing = new();
    private Task _settling = Task.CompletedTask; // changed by who may change records

    /// <summary>When this returns, all that has been made before is on the disk.</summary>
    public async Task SettleAsync(CancellationToken cancel = default)
    {
        if (_layers.IsSettled && _content.IsSettled && _catalog.IsSaved) return;
        using (await ChangeAsync(cancel)) await _catalog.SaveAsync();
    }

    /// <summary>Notes that the image is what somebody asked for, though it has no name: it goes by the rules of images, not with the cache of builds. It is on the disk then.</summary>
    public async Task MarkResultAsync(Image image, CancellationToken cancel = default)
    {
        using (await ChangeAsync(cancel))
        {
            var known = _catalog.Get(image.Id) ?? throw ImageCatalog.NotFound(image.Id.ToString());
            if (known.IsResult) await _catalog.SaveAsync();
            else await _catalog.PutAsync(known.Record with { Result = true }, known.Config, known.Layers);
        }
    }

    /// <param name="settle">Everything made before is on the disk first, so that what the change records may stand on it.</param>
    private async Task<IDisposable> ChangeAsync(CancellationToken cancel, bool settle = true)
    {
        await _changing.WaitAsync(cancel);
        try
        {
            if (settle && !(_layers.IsSettled && _content.IsSettled)) await Task.Run(SettleFiles, CancellationToken.None);
        }
        catch
        {
            _changing.Release();
            throw;
        }
        return new Change(_changing);
    }

    private void SettleFiles()
    {
        try
        {
            using var documents = _content.WriteHeld();
            var place = _layers.Settle(documents.Files);
            place();
            documents.Publish();
        }
        catch
        {
            // Once a sync has failed, the next one would say that all is well: what it was for is not trusted again.
            _catalog.DropUnsaved();
            _layers.DropUnsettled();
            _content.DropHeld();
            throw;
        }
    }

    /// <summary>Settles in a moment what nobody waits for. Called by who may change records.</summary>
    private void SettleSoon()
    {
        if (_settling.IsCompleted && !_closing.IsCancellationRequested) _settling = SettleLaterAsync(_closing.Token);
    }

    private async Task SettleLaterAsync(CancellationToken closing)
    {
        try
        {
            await Task.Delay(s_settleWithin, _time, closing);
            await SettleAsync(closing);
        }
        catch (OperationCanceledException) { }
        // The next change tries again and tells.
        catch (Exception failed) when (failed is EngineException or SyscallException or IOException) { }
    }

    private async Task SettleLastAsync()
    {
        await _closing.CancelAsync();
        await _settling;
        try { await SettleAsync(); }
        // Nobody was promised any of it.
        catch (Exception failed) when (failed is EngineException or SyscallException or IOException) { }
        _closing.Dispose();
    }
}
