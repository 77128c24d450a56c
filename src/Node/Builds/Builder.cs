using System.Collections.Concurrent;
using Yun.Images;
using Yun.Node.Builds.Dockerfiles;
using Yun.Oci;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Node.Builds;

/// <summary>Makes images from Dockerfiles. Says what it does in the words of Docker's classic builder.</summary>
public sealed class Builder
{
    private readonly string _dataRoot;
    private readonly ImageStore _images;
    private readonly IBuildContainers _containers;
    private readonly TimeProvider _time;
    private readonly CacheFolders _caches;
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _running = new(StringComparer.Ordinal);

    public Builder(string dataRoot, IStore store, ImageStore images, IBuildContainers containers, TimeProvider time)
    {
        (_dataRoot, _images, _containers, _time) = (dataRoot, images, containers, time);
        _caches = new CacheFolders(dataRoot);
        Cache = new BuildCache(store, images, time);
        BuildDirectory.RemoveLeftovers(dataRoot);
    }

    public BuildCache Cache { get; }

    /// <param name="buildId">What <see cref="Cancel"/> knows the build by; null when nobody will cancel it by name.</param>
    /// <exception cref="EngineException">The Dockerfile is wrong, or a step cannot be done.</exception>
    /// <exception cref="BuildCommandException">A RUN failed.</exception>
    public async Task<Image> BuildAsync(BuildRequest request, BuildOutput output, string? buildId = null, CancellationToken cancel = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (buildId is not null) _running[buildId] = stop;
        try
        {
            return await BuildAsync(request, output, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new EngineException(ErrorKind.Conflict, "Build cancelled");
        }
        finally
        {
            if (buildId is not null) _running.TryRemove(buildId, out _);
            output.Complete();
        }
    }

    /// <exception cref="EngineException">No such build is going on.</exception>
    public void Cancel(string buildId)
    {
        if (!_running.TryGetValue(buildId, out var stop)) throw new EngineException(ErrorKind.NotFound, $"No such build: {buildId}");
        stop.Cancel();
    }

    /// <summary>Forgets steps not used since <paramref name="before"/>, with the images that only served them, and empties the cache mounts.</summary>
    public async Task<(IReadOnlyList<Digest> Removed, long Bytes)> PruneAsync(DateTimeOffset before, CancellationToken cancel = default)
    {
        var (removed, bytes) = await Cache.PruneAsync(before, cancel);
        return (removed, bytes + _caches.Prune());
    }

    private async Task<Image> BuildAsync(BuildRequest request, BuildOutput output, CancellationToken cancel)
    {
        using var directory = BuildDirectory.Create(_dataRoot);
        using var context = await BuildContext.OpenAsync(request, directory, cancel);
        var dockerfile = Parse(context.Dockerfile, request.Dockerfile);
        using var run = new BuildRun
        {
            Images = _images,
            Containers = _containers,
            Caches = _caches,
            Time = _time,
            Request = request,
            Output = output,
            Directory = directory,
            Context = context,
            Dockerfile = dockerfile,
            Arguments = BuildArguments.Begin(request.Arguments, request.Platform ?? Platform.Host, request.Target),
            Cache = Cache,
            CacheSources = [.. request.CacheFrom.Select(_images.TryFind).OfType<Image>()],
        };
        foreach (var warning in dockerfile.Warnings) await output.ErrorTextAsync(warning + "\n", cancel);

        var image = await BuildStagesAsync(run, cancel) ?? throw new EngineException(ErrorKind.InvalidArgument, "No image was generated. Is your Dockerfile empty?");
        if (run.Arguments.NotConsumed() is { Count: > 0 } left)
            await output.LineAsync($"[Warning] One or more build-args {GoText.List(left)} were not consumed", cancel);

        await output.LineAsync($"Successfully built {image.Id.Short}", cancel);
        foreach (var tag in request.Tags)
        {
            await _images.TagAsync(image, tag.WithDefaultTag(), cancel);
            await output.LineAsync($"Successfully tagged {tag.WithDefaultTag().Familiar}", cancel);
        }
        return image;
    }

    private static async Task<Image?> BuildStagesAsync(BuildRun run, CancellationToken cancel)
    {
        var dockerfile = run.Dockerfile;
        var variables = new Func<InstructionVariables>(() => new InstructionVariables(dockerfile.Escape, run.Arguments.Global()));
        var target = run.Request.Target is { Length: > 0 } name
            ? dockerfile.FindStage(name) ?? throw new EngineException(ErrorKind.InvalidArgument, $"failed to reach build target {name} in Dockerfile")
            : dockerfile.Stages[^1];
        foreach (var (key, value) in run.Request.Labels.OrderBy(l => l.Key, StringComparer.Ordinal))
            target.Instructions.Add(new LabelInstruction($"LABEL {key}={value}", target.From.Line, [new(Literal(key), Literal(value))]));

        // Global arguments first: FROM, and with it which stages are needed, hangs on them.
        var global = dockerfile.GlobalArguments;
        foreach (var argument in global)
            foreach (var (argumentName, value) in ((ArgInstruction)variables().Replace(argument)).Arguments) run.Arguments.DeclareGlobal(argumentName, value);
        var stages = StagePlan.Needed(dockerfile, target, s => variables().Word(s.From.BaseName));
        var (step, total) = (0, global.Count + stages.Sum(s => 1 + s.Instructions.Count));

        foreach (var argument in global) await run.Output.LineAsync($"Step {++step}/{total} : {argument.Text}", cancel);
        StageBuild? last = null;
        foreach (var stage in stages)
        {
            last = new StageBuild(run, stage);
            await run.Output.LineAsync($"Step {++step}/{total} : {stage.From.Text}", cancel);
            await last.BeginAsync(await run.FindBaseAsync(stage.From, stage, cancel), cancel);
            await run.Output.LineAsync($" ---> {last.Current?.Id.Short}", cancel);
            foreach (var instruction in stage.Instructions)
            {
                cancel.ThrowIfCancellationRequested();
                await run.Output.LineAsync($"Step {++step}/{total} : {instruction.Text}", cancel);
                await last.ApplyAsync(instruction, cancel);
                await run.Output.LineAsync($" ---> {last.Current?.Id.Short}", cancel);
            }
            run.Add(last);
            if (last.Current is { } image) await run.Output.ImageAsync(image.Id, cancel);
        }
        return last?.Current;

        // What comes from the request is no Dockerfile text: nothing in it is a variable.
        string Literal(string text) => string.Concat(text.Select(c => c == '$' || c == '"' || c == '\'' || c == dockerfile.Escape ? $"{dockerfile.Escape}{c}" : c.ToString()));
    }

    private static Dockerfile Parse(string text, string file)
    {
        try
        {
            return Dockerfile.Parse(text);
        }
        catch (DockerfileException error)
        {
            var where = file == BuildRequest.DefaultDockerfile ? "" : $" (in {file})";
            throw new EngineException(ErrorKind.InvalidArgument, error.Message + where, error);
        }
    }
}
