namespace Yun.Node.Containers;

/// <summary>Whether and when a container that ended is started again.</summary>
public static class RestartDecision
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(100), s_longest = TimeSpan.FromMinutes(1), s_steady = TimeSpan.FromSeconds(10);

    /// <summary>After an exit while the daemon runs: never against the wish of a person who stopped it.</summary>
    public static bool AfterExit(ContainerRecord record, int exitCode) => AfterExit(record.HostConfig.RestartPolicy, record.StoppedByUser, record.RestartCount, exitCode);

    /// <summary>The same for anything that has a policy.</summary>
    public static bool AfterExit(RestartPolicy? policy, bool stoppedByUser, int restartCount, int exitCode) => !stoppedByUser && policy?.Name switch
    {
        "always" or "unless-stopped" => true,
        "on-failure" => exitCode != 0 && (policy.MaximumRetryCount == 0 || restartCount < policy.MaximumRetryCount),
        _ => false,
    };

    /// <summary>When the daemon starts and finds it ended: <c>always</c> starts also what a person had stopped, as Docker's documentation says.</summary>
    public static bool AtDaemonStart(ContainerRecord record) =>
        record.State.Status is ContainerStatus.Exited or ContainerStatus.Restarting
        && (record.HostConfig.RestartPolicy?.Name == "always" || AfterExit(record, record.State.ExitCode));

    /// <summary>100 ms, doubled each time up to a minute; the first again after a run of ten seconds, which counts as having come up.</summary>
    public static TimeSpan Delay(TimeSpan previous, TimeSpan ran) =>
        previous == TimeSpan.Zero || ran >= s_steady ? s_first : previous * 2 < s_longest ? previous * 2 : s_longest;
}
