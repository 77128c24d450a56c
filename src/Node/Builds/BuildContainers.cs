using Yun.Images;
using Yun.Node.Containers;
using Yun.Node.Keeper;

namespace Yun.Node.Builds;

/// <summary>RUN steps in the engine's own containers.</summary>
internal sealed class BuildContainers(Engine engine) : IBuildContainers
{
    public async Task<IBuildContainer> CreateAsync(Image image, ContainerConfig config, HostConfig hostConfig, bool keep, CancellationToken cancel) =>
        new BuildContainer((await engine.Containers.CreateAsync(new ContainerRequest(null, config, hostConfig, Temporary: !keep), cancel)).Container);

    private sealed class BuildContainer(Container container) : IBuildContainer
    {
        public string Id => container.Id;
        public string UpperDirectory => container.UpperDirectory;

        public async Task<int> RunAsync(Func<string, bool, ValueTask> output, CancellationToken cancel)
        {
            var ended = container.WaitAsync(WaitCondition.NextExit, cancel);
            await using var streams = await container.AttachAsync(stdin: false, stdout: true, stderr: true, cancel);
            await container.StartAsync(cancel);
            var (plain, error) = (new OutputDecoder(), new OutputDecoder());
            await OutputFrames.ReadAsync(streams, (bytes, isError) => output((isError ? error : plain).Decode(bytes.Span), isError), cancel);
            return (await ended).ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            if (container.Record.Temporary) await container.RemoveAsync(force: true, removeVolumes: true);
        }
    }
}
