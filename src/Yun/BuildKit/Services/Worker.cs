using Yun.BuildKit.Protos;
using Yun.Node.Builds;

namespace Yun.BuildKit;

/// <summary>The builder as its clients see it: one worker, which is the engine.</summary>
internal static class Worker
{
    // What a client tests for to know whether images can be exported as archives and pushed.
    private const string SnapshotterLabel = "org.mobyproject.buildkit.worker.snapshotter";

    public static BuildkitVersion Version { get; } = new() { Package = "yun", Version = typeof(Worker).Assembly.GetName().Version!.ToString(3) };

    public static WorkerRecord Record(string engineId) => new()
    {
        Id = engineId,
        Labels =
        {
            ["org.mobyproject.buildkit.worker.executor"] = "yun",
            ["org.mobyproject.buildkit.worker.hostname"] = Environment.MachineName,
            [SnapshotterLabel] = "overlayfs",
        },
        Platforms = { RunnablePlatforms.All.Select(one => new Protos.Platform { Architecture = one.Architecture, Os = one.Os, Variant = one.Variant ?? "" }) },
        BuildkitVersion = Version,
    };
}
