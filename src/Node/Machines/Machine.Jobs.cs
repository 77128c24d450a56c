using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

// Work that QEMU does beside the guest: snapshots and copies of disks.
public sealed partial class Machine
{
    private static readonly TimeSpan s_jobLook = TimeSpan.FromMilliseconds(20), s_jobMax = TimeSpan.FromMinutes(30);

    /// <summary>Does something with QEMU: with the one that runs, or with one that is started for it and whose guest never begins. The caller holds the turn.</summary>
    private async Task WithQemuAsync(Func<QmpSession, Task> work, CancellationToken cancel)
    {
        if (State.IsLive)
        {
            await work(await SessionAsync(cancel));
            return;
        }
        await using var undo = new Undo();
        await work(await LaunchAsync(Expect(undo), undo, cancel));
    }

    /// <exception cref="EngineException">Internal, with QEMU's words.</exception>
    private static async Task AwaitJobAsync(QmpSession session, string id, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(s_jobMax);
        while (true)
        {
            var job = (await session.ExecuteAsync("query-jobs", QmpJson.Default.ListQmpJob, deadline.Token)).Find(job => job.Id == id) ?? throw new EngineException(ErrorKind.Internal, $"QEMU has lost its work {id}.");
            if (job.Status != "concluded")
            {
                await Task.Delay(s_jobLook, deadline.Token);
                continue;
            }
            await session.ExecuteAsync("job-dismiss", new QmpId(id), QmpJson.Default.QmpId, deadline.Token);
            if (job.Error is { } words) throw new EngineException(ErrorKind.Internal, words);
            return;
        }
    }
}
