using Yun.Images;
using Yun.Linux;
using Yun.Node.Builds;
using Yun.Node.Builds.Dockerfiles;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <param name="Name">Null leaves the image without one.</param>
/// <param name="Pause">Stop the container's processes meanwhile, so that what is copied is of one moment.</param>
/// <param name="Config">What to say of the image where the container says something else; null says nothing.</param>
/// <param name="Changes">Dockerfile instructions that change the configuration, applied last.</param>
public sealed record CommitRequest(ImageReference? Name, string? Comment, string? Author, bool Pause, ContainerConfig? Config, IReadOnlyList<string> Changes);

public sealed partial class Container
{
    /// <summary>Makes an image of the container's image and its changes. What is mounted in it is not part of it.</summary>
    public async Task<Image> CommitAsync(CommitRequest request, CancellationToken cancel = default)
    {
        var config = RunConfig(request);
        Image image;
        using (await TakeTurnAsync(cancel))
        {
            if (State.Status is ContainerStatus.Removing or ContainerStatus.Dead) throw new EngineException(ErrorKind.Conflict, $"You cannot commit container {Id} which is {(State.Status == ContainerStatus.Dead ? "Dead" : "being removed")}");
            // A machine's own kernel holds up those who write.
            var pauses = request.Pause && State.Status == ContainerStatus.Running && !IsMachine;
            if (pauses) Cgroup.Freeze(true);
            try { image = await CommitInTurnAsync(request, config, cancel); }
            finally
            {
                if (pauses) Cgroup.Freeze(false);
            }
        }
        Publish("commit", ("comment", request.Comment ?? ""), ("imageID", image.Id.ToString()), ("imageRef", request.Name?.WithDefaultTag().Familiar ?? ""));
        return image;
    }

    private async Task<Image> CommitInTurnAsync(CommitRequest request, ImageRunConfig config, CancellationToken cancel)
    {
        using var lease = Engine.Images.Lease($"commit of {Id}");
        var from = Image;
        var below = from.Layers is [.., var top] ? top : null;
        var layer = IsMachine ? await CommitMachineLayerAsync(below, lease, request.Pause, cancel) : await CommitChangesAsync(below, lease, cancel);
        var now = Engine.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var history = new ImageHistory { Created = now, CreatedBy = string.Join(' ', Config.Cmd ?? []), Author = request.Author, Comment = request.Comment };
        var whole = from.Config with
        {
            Created = now, Author = request.Author, Comment = request.Comment, Container = Id, Config = config, History = [.. from.Config.History ?? [], history],
        };
        // With the parent's own layers below, what was pushed of them need not travel again.
        var image = await Engine.Images.CreateImageAsync(whole, [.. from.Layers, layer], lease, from.Id, cancel);
        if (request.Name is not null) await Engine.Images.TagAsync(image, request.Name, cancel);
        return image;
    }

    private async Task<Layer> CommitChangesAsync(Layer? below, ImageLease lease, CancellationToken cancel)
    {
        using var inside = await OpenChangesInsideAsync(cancel);
        return await Engine.Images.CommitLayerAsync(inside is null ? UpperDirectory : $"/proc/self/fd/{inside.DangerousGetHandle()}", below, lease, takeOver: false, cancel);
    }

    private ImageRunConfig RunConfig(CommitRequest request)
    {
        var (said, own) = (request.Config ?? new ContainerConfig(), Config);
        var config = new ImageRunConfig
        {
            User = said.User is { Length: > 0 } ? said.User : own.User,
            ExposedPorts = said.ExposedPorts ?? own.ExposedPorts,
            Env = said.Env is { Count: > 0 } ? said.Env : own.Env,
            Cmd = said.Cmd is { Count: > 0 } ? said.Cmd : own.Cmd,
            Entrypoint = said.Entrypoint is { Count: > 0 } ? said.Entrypoint : own.Entrypoint,
            Volumes = said.Volumes ?? own.Volumes,
            WorkingDir = said.WorkingDir is { Length: > 0 } ? said.WorkingDir : own.WorkingDir,
            Labels = said.Labels is { Count: > 0 } ? said.Labels : own.Labels,
            StopSignal = said.StopSignal ?? own.StopSignal,
            StopTimeout = said.StopTimeout ?? own.StopTimeout,
            Healthcheck = said.Healthcheck ?? own.Healthcheck,
            OnBuild = said.OnBuild ?? own.OnBuild,
            Shell = said.Shell ?? own.Shell,
        };
        return ConfigChange.Apply(config, request.Changes);
    }
}
