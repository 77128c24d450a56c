using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Yun.Images;
using Yun.Images.Transfers;
using Yun.Node.Builds.Dockerfiles;
using Yun.Oci;
using Yun.Protocol;
using Yun.Store;

namespace Yun.Node.Builds;

/// <summary>Makes images from Dockerfiles.</summary>
public sealed class Builder
{
    private readonly string _folder;
    private readonly string _execRoot;
    private readonly ImageStore _images;
    private readonly IBuildContainers _containers;
    private readonly TimeProvider _time;
    private readonly CacheFolders _caches;
    private readonly KeyedLocks<string> _turns = new();
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _running = new(StringComparer.Ordinal);

    /// <param name="execRoot">Where secrets lie while a step uses them: a place in memory.</param>
    public Builder(string dataRoot, string execRoot, IStore store, ImageStore images, IBuildContainers containers, TimeProvider time)
    {
        (_folder, _execRoot, _images, _containers, _time) = (Path.Combine(dataRoot, "builds"), execRoot, images, containers, time);
        _caches = new CacheFolders(dataRoot);
        Cache = new BuildCache(store, images, time);
        BuildDirectory.RemoveLeftovers(_folder);
        BuildDirectory.Spread(_folder);
        BuildDirectory.RemoveLeftovers(execRoot);
    }

    public BuildCache Cache { get; }

    /// <param name="lease">Holds the image, and all that it is made of and from: until it is disposed of nobody removes them, whether or not they have a name by then.</param>
    /// <param name="buildId">What <see cref="Cancel"/> knows the build by; null when nobody will cancel it by name.</param>
    /// <exception cref="EngineException">The Dockerfile is wrong, or a step cannot be done.</exception>
    /// <exception cref="BuildCommandException">A RUN failed.</exception>
    public async Task<BuildProduct> BuildAsync(BuildRequest request, BuildOutput output, ImageLease lease, string? buildId = null, CancellationToken cancel = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (buildId is not null) _running[buildId] = stop;
        try
        {
            return await BuildAsync(request, output, lease, stop.Token);
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

    /// <summary>Forgets steps not used since <paramref name="before"/>, with the images that only served them, and empties the cache mounts. Images that somebody asked for stay.</summary>
    /// <param name="keepBytes">As <see cref="BuildCache.PruneAsync"/> has it; with any, cache mounts stay too.</param>
    /// <returns>The steps, each with what became free by it, and how much that is with the cache mounts.</returns>
    public async Task<(IReadOnlyList<CachedStep> Removed, long Bytes)> PruneAsync(
        DateTimeOffset before, bool heldToo = false, long keepBytes = 0, Func<CachedStep, bool>? matches = null, CancellationToken cancel = default)
    {
        var removed = await Cache.PruneAsync(before, heldToo, keepBytes, matches, cancel);
        return (removed, removed.Sum(step => step.Bytes) + (keepBytes > 0 || matches is not null ? 0 : _caches.Prune()));
    }

    private async Task<BuildProduct> BuildAsync(BuildRequest request, BuildOutput output, ImageLease lease, CancellationToken cancel)
    {
        using var directory = BuildDirectory.Create(_folder, _images.Trash);
        using var context = await BuildContext.OpenAsync(request, directory, output, cancel);
        // What is wrong with it is told before anything is fetched for it.
        _ = Parse(context.Dockerfile, request);
        await using var cacheImport = await CacheImport.OpenAsync(_images, request, output, cancel);
        var (images, stages) = (new List<(Platform, Image)>(), new List<Image>());
        IReadOnlyList<Platform?> platforms = request.Platforms.Count > 1 ? [.. request.Platforms] : [request.Platform];
        foreach (var asked in platforms)
        {
            var (image, its) = await BuildAsync(request with { Platform = asked }, directory, context, cacheImport, output, lease, cancel);
            images.Add((asked ?? image.Platform, image));
            stages.AddRange(its);
        }
        var index = images.Count > 1 ? await _images.CreateIndexAsync(images, lease, cancel) : null;
        var product = new BuildProduct(images, index, [.. images.Select(one => one.Item2).Concat(stages).DistinctBy(image => image.Id)]);
        foreach (var tag in request.Tags) await product.NameAsync(_images, tag.WithDefaultTag(), cancel);
        if (request is { Tags.Count: 0, IsExportedLater: false }) await product.KeepAsync(_images, cancel);
        // What is told now is on the disk.
        foreach (var (_, image) in images) await output.NoteAsync(null, $"Successfully built {image.Id.Short}", cancel);
        foreach (var tag in request.Tags) await output.NoteAsync(null, $"Successfully tagged {tag.WithDefaultTag().Familiar}", cancel);
        foreach (var (name, all) in request.CacheTo)
            await CacheExport.ToRegistryAsync(_images, product, name, all, await request.AuthFor(name.Domain, cancel), output, cancel);
        return product;
    }

    /// <summary>Builds for one platform; gives the image, and what all stages have become.</summary>
    private async Task<(Image Image, IReadOnlyList<Image> Stages)> BuildAsync(
        BuildRequest request, BuildDirectory directory, BuildContext context, CacheImport cacheImport, BuildOutput output, ImageLease lease, CancellationToken cancel)
    {
        var (dockerfile, checks) = Parse(context.Dockerfile, request);
        using var run = new BuildRun
        {
            Images = _images,
            Lease = lease,
            Containers = _containers,
            Caches = _caches,
            Turns = _turns,
            Time = _time,
            Request = request,
            Output = output,
            Directory = directory,
            ExecRoot = _execRoot,
            Context = context,
            Dockerfile = dockerfile,
            Checks = checks,
            Arguments = BuildArguments.Begin(request.Arguments, request.Platform ?? Platform.Host, request.Target),
            Cache = Cache,
            SourceDate = SourceDate.Of(request.Arguments),
            CacheSources = cacheImport.Images,
            CacheAllows = result => cacheImport.Allows(request, result),
        };
        foreach (var warning in dockerfile.Warnings) await run.WarnAsync(warning, cancel);
        run.FailOnWarnings();

        var image = await BuildStagesAsync(run, cancel) ?? throw new EngineException(ErrorKind.InvalidArgument, "No image was generated. Is your Dockerfile empty?");
        run.FailOnWarnings();
        if (run.Arguments.NotConsumed() is { Count: > 0 } left)
            await output.NoteAsync(null, $"[Warning] One or more build-args {GoText.List(left)} were not consumed", cancel);

        var stages = await Task.WhenAll(run.Stages);
        return (image, [.. stages.Select(stage => stage?.Current).OfType<Image>()]);
    }

    private static async Task<Image?> BuildStagesAsync(BuildRun run, CancellationToken cancel)
    {
        var plan = BuildPlan.Of(run);
        foreach (var argument in plan.GlobalArguments)
        {
            await run.Output.BeginAsync(argument, cancel);
            await run.Output.EndAsync(argument, null, cancel);
        }
        // All at once: each waits where it needs another, and a stage can need only earlier ones.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        ExceptionDispatchInfo? first = null;
        foreach (var stage in plan.Stages) run.Begin(stage.Stage, BuildStageAsync(stage));
        await Task.WhenAll(run.Stages);
        first?.Throw();
        return (await run.StageAsync(plan.Stages[^1].Stage))?.Current;

        // What fails first is what the build fails with; the others only stop.
        async Task<StageBuild?> BuildStageAsync(PlannedStage planned)
        {
            await Task.Yield();
            try
            {
                var stage = new StageBuild(run, planned.Stage);
                await stage.BuildAsync(planned, stop.Token);
                if (stage.Current is { } image) await run.Output.ImageAsync(image.Id, stop.Token);
                return stage;
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(failure), null);
                await stop.CancelAsync();
                return null;
            }
        }
    }

    private static (Dockerfile Dockerfile, CheckOptions Checks) Parse(string text, BuildRequest request)
    {
        try
        {
            var dockerfile = Dockerfile.Parse(text);
            return (dockerfile, request.Arguments.GetValueOrDefault(BuildRequest.ChecksArgument) is { } checks ? CheckOptions.Parse(checks, default) : dockerfile.Checks);
        }
        catch (DockerfileException error)
        {
            error.FileText = text;
            throw new EngineException(ErrorKind.InvalidArgument, error.In(request.Dockerfile), error);
        }
    }
}
