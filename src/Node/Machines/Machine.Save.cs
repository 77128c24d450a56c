using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Node.Containers;
using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

// Memory and devices in a file. The guest is stopped for it: copied while it runs, an emulated machine's memory comes out wrong.
public sealed partial class Machine
{
    internal const string StateName = "state";
    private static readonly TimeSpan s_copyLook = TimeSpan.FromMilliseconds(20), s_copyMax = TimeSpan.FromMinutes(10);

    /// <summary>Writes its memory down and ends it; the next start goes on from there. If that fails, it runs on.</summary>
    public async Task SaveStateAsync(CancellationToken cancel = default)
    {
        Task<WaitResult> exit;
        using (await TakeTurnAsync(cancel))
        {
            RequireLive("save");
            exit = WaitAsync(WaitCondition.NextExit, cancel);
            var session = await SessionAsync(cancel);
            var wasRunning = State.Status == MachineStatus.Running;
            try
            {
                await session.ExecuteAsync("stop", cancel);
                using var file = File.OpenHandle(StatePath, FileMode.Create, FileAccess.Write);
                await session.PassAsync(StateName, file, cancel);
                await session.ExecuteAsync("migrate", new QmpUri("fd:" + StateName), QmpJson.Default.QmpUri, cancel);
                await AwaitCopyAsync(session, cancel);
                OpenFile.Sync(file);
                await SaveAsync(_record with { StoppedByUser = true, State = State with { Saved = true } });
            }
            catch (Exception failed) when (failed is EngineException or QmpException or SyscallException or IOException or OperationCanceledException)
            {
                File.Delete(StatePath);
                if (wasRunning) await session.ExecuteAsync("cont", CancellationToken.None);
                throw failed is OperationCanceledException ? failed : new EngineException(ErrorKind.Internal, $"Machine {Name} cannot be saved, and runs on: {failed.Message}", failed);
            }
            _cause = "it was saved";
            await session.ExecuteAsync("quit", CancellationToken.None);
        }
        if (!await EndsWithinAsync(exit, s_endMax, CancellationToken.None)) SignalQemu();
        if (!await EndsWithinAsync(exit, s_endMax, CancellationToken.None)) throw Stuck();
        Publish("save");
    }

    /// <summary>Reads what was saved into a QEMU that waits for it.</summary>
    private async Task ComeBackAsync(QmpSession session, CancellationToken cancel)
    {
        using var file = File.OpenHandle(StatePath);
        await session.PassAsync(StateName, file, cancel);
        await session.ExecuteAsync("migrate-incoming", new QmpUri("fd:" + StateName), QmpJson.Default.QmpUri, cancel);
        await AwaitCopyAsync(session, cancel);
    }

    private static async Task AwaitCopyAsync(QmpSession session, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_copyMax);
        while (true)
        {
            var copy = await session.ExecuteAsync("query-migrate", QmpJson.Default.QmpMigration, deadline.Token);
            if (copy.Status == "completed") return;
            if (copy.Status is "failed" or "cancelled") throw new EngineException(ErrorKind.Internal, $"its memory was not copied: {copy.Error ?? copy.Status}");
            await Task.Delay(s_copyLook, deadline.Token);
        }
    }
}
