using System.Collections.Concurrent;

namespace Yun.BuildKit;

/// <summary>The jobs that are going on, by the references that their clients gave them.</summary>
internal sealed class BuildJobs
{
    // A build may be done before the call that shows it comes.
    private static readonly TimeSpan s_shownAfter = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, BuildJob> _jobs = new(StringComparer.Ordinal);

    /// <summary>The job of that reference, which begins with the first call that names it.</summary>
    public BuildJob Get(string reference) => _jobs.GetOrAdd(reference, r => new BuildJob(r));

    /// <summary>Lets go of what the job kept. What there is to show of it can be read a little longer.</summary>
    public void End(BuildJob job)
    {
        job.Dispose();
        _ = Task.Delay(s_shownAfter).ContinueWith(_ => _jobs.TryRemove(KeyValuePair.Create(job.Reference, job)), TaskScheduler.Default);
    }
}
