using Yun.Images;
using Yun.Node.Containers;

namespace Yun.Node.Builds;

/// <summary>Where RUN steps get a container from: the engine's own, or a test's.</summary>
public interface IBuildContainers
{
    /// <summary>A container of the image, not started. Disposing of it kills and removes it with all that is its own.</summary>
    /// <param name="keep">Disposing leaves it where it is, for <c>--rm=false</c>.</param>
    Task<IBuildContainer> CreateAsync(Image image, ContainerConfig config, HostConfig hostConfig, bool keep, CancellationToken cancel);
}

public interface IBuildContainer : IAsyncDisposable
{
    string Id { get; }

    /// <summary>What the command changed; nobody writes there once <see cref="RunAsync"/> has returned.</summary>
    string UpperDirectory { get; }

    /// <summary>Runs it to its end.</summary>
    /// <param name="output">Gets what the command writes, and whether that is to its standard error.</param>
    /// <returns>The exit code.</returns>
    Task<int> RunAsync(Func<string, bool, ValueTask> output, CancellationToken cancel);
}
