using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.HttpResults;
using Yun.BuildKit;
using Yun.DockerApi.Model;
using Yun.Images.Registry;
using Yun.Node;
using Yun.Node.Builds;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Containers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

public static class BuildsRoutes
{
    public static void MapBuilds(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/build", BuildAsync);
        routes.MapPost("/build/cancel", Cancel);
        routes.MapPost("/build/prune", PruneAsync);
    }

    private static Task BuildAsync(HttpContext context, Engine engine, BuildKitServer buildKit, BuildHandouts handouts)
    {
        var request = Request(context);
        var handout = context.Text("handout");
        if (handout is not null)
        {
            var given = handouts.Get(handout);
            given.IsUsed = true;
            request.Secrets = given;
        }
        var outputs = Read(context, "outputs", DockerApiJson.Default.ListBuildOutputOption) ?? [];
        if (context.Text("version") == "2") return TracedBuild.RunAsync(context, buildKit, request, outputs);
        if (outputs.Count > 0) throw new EngineException(ErrorKind.NotImplemented, "--output needs a client that speaks BuildKit: use buildx, or keep the image and use docker save.");
        var (quiet, bySteps) = (context.Flag("q"), context.Flag("steps"));
        return ProgressLines.RunAsync(context, async lines =>
        {
            var output = new BuildOutput();
            var telling = TellAsync(output, lines, quiet, bySteps);
            try
            {
                using var lease = engine.Images.Lease("build", settlesLater: true);
                var built = await engine.Builds.BuildAsync(request, output, lease, context.Text("buildid"), context.RequestAborted);
                if (quiet) lines.Write(new ProgressMessage { Stream = $"{(built.Index?.Digest ?? built.Image.Id)}\n" });
            }
            catch (EngineException error) when (error.InnerException is DockerfileException wrong && wrong.Excerpt() is { Length: > 0 } excerpt)
            {
                throw new EngineException(error.Kind, $"{error.Message}\n{excerpt}", wrong);
            }
            finally
            {
                if (handout is not null) handouts.Remove(handout);
                await telling;
            }
        });
    }

    private static async Task TellAsync(BuildOutput output, ProgressLines lines, bool quiet, bool bySteps)
    {
        var steps = new BuildStepLines(lines);
        var classic = new ClassicBuildText(text => lines.Write(new ProgressMessage { Stream = text }));
        await foreach (var said in output.Events.ReadAllAsync())
        {
            if (said is { Kind: BuildEventKind.Image, Image: { } image }) lines.Write(new ProgressMessage { Aux = ProgressLines.Aux(new BuildResult { Id = image.ToString() }, DockerApiJson.Default.BuildResult) });
            if (quiet) continue;
            if (bySteps)
            {
                steps.Tell(said);
                continue;
            }
            classic.Tell(said);
            if (said.Progress is { } progress) lines.Report(progress);
        }
        if (!quiet) classic.TellWaiting();
    }

    private static NoContent Cancel(HttpContext context, Engine engine)
    {
        engine.Builds.Cancel(context.Text("id") ?? throw new EngineException(ErrorKind.InvalidArgument, "build ID not provided"));
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<BuildPruneResponse>> PruneAsync(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        // docker system prune has one set of filters for everything; steps have no labels.
        filters.AllowFilters("until", "id", "type", "label", "label!");
        var matches = StepFilter.Of([.. new[] { "id", "type" }.SelectMany(name => filters.GetValueOrDefault(name, []).Select(value => (name, value)))]);
        var now = engine.Time.GetUtcNow();
        var (removed, bytes) = await engine.Builds.PruneAsync(PruneUntil.Of(filters, now) ?? now, context.Flag("all"), Long(context, "keep-storage"), matches, context.RequestAborted);
        return TypedResults.Json(new BuildPruneResponse { CachesDeleted = [.. removed.Select(step => step.Key)], SpaceReclaimed = (ulong)bytes }, DockerApiJson.Default.BuildPruneResponse);
    }

    private static BuildRequest Request(HttpContext context)
    {
        if (context.Flag("squash")) throw new EngineException(ErrorKind.NotImplemented, "squash is not supported: leave out --squash.");
        return new BuildRequest
        {
            Context = context.Request.Body,
            Remote = context.Text("remote"),
            Dockerfile = context.Text("dockerfile") ?? BuildRequest.DefaultDockerfile,
            Tags = [.. context.Request.Query["t"].Where(tag => !string.IsNullOrEmpty(tag)).Select(tag => Tag(tag!))],
            Target = context.Text("target"),
            Arguments = Read(context, "buildargs", DockerApiJson.Default.DictionaryStringString)?.ToDictionary(argument => argument.Key, argument => (string?)argument.Value) ?? [],
            Labels = Read(context, "labels", DockerApiJson.Default.DictionaryStringString) ?? [],
            NoCache = context.Flag("nocache"),
            CacheFrom = Read(context, "cachefrom", DockerApiJson.Default.ListString) ?? [],
            Pull = context.Flag("pull"),
            RemoveContainers = context.Flag("rm", whenAbsent: true) || context.Flag("forcerm"),
            HostConfig = Limits(context),
            AuthFor = Credentials(context),
            PullCache = context.Flag("pullcache"),
            CacheTo = [.. (Read(context, "cacheto", DockerApiJson.Default.ListBuildOutputOption) ?? []).Select(to => (ImagesRoutes.Reference(to.Attrs?.GetValueOrDefault("ref") ?? "", null), to.Attrs?.GetValueOrDefault("mode") == "max"))],
        }.For(context.Text("platform"));
    }

    private static ImageReference Tag(string text)
    {
        var reference = ImagesRoutes.Reference(text, null);
        return reference.Digest is null ? reference : throw new EngineException(ErrorKind.InvalidArgument, "build tag cannot contain a digest");
    }

    private static HostConfig Limits(HttpContext context) => new()
    {
        NetworkMode = context.Text("networkmode"),
        ShmSize = Long(context, "shmsize"),
        Memory = Long(context, "memory"),
        MemorySwap = Long(context, "memswap"),
        CpuShares = Long(context, "cpushares"),
        CpuPeriod = Long(context, "cpuperiod"),
        CpuQuota = Long(context, "cpuquota"),
        CpusetCpus = context.Text("cpusetcpus"),
        CpusetMems = context.Text("cpusetmems"),
        CgroupParent = context.Text("cgroupparent"),
        ExtraHosts = context.Text("extrahosts") is { } hosts ? [.. hosts.Split(',')] : null,
        Ulimits = Read(context, "ulimits", DockerApiJson.Default.ListUlimit),
    };

    private static long Long(HttpContext context, string name) => context.Text(name) is not { } text ? 0
        : long.TryParse(text, out var number) ? number : throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for {name}: '{text}' is not a number");

    private static T? Read<T>(HttpContext context, string name, JsonTypeInfo<T> type) where T : class
    {
        if (context.Text(name) is not { } text) return null;
        try { return JsonSerializer.Deserialize(text, type); }
        catch (JsonException error) { throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for {name}: {error.Message}", error); }
    }

    /// <summary>The header <c>X-Registry-Config</c>: all that the client has, by registry.</summary>
    private static Func<string, CancellationToken, ValueTask<RegistryAuth?>> Credentials(HttpContext context)
    {
        var all = RegistryCredentials.AllOf(context);
        return (domain, _) => ValueTask.FromResult(RegistryCredentials.From(all.GetValueOrDefault(domain) ?? (domain == ImageReference.DefaultDomain ? all.GetValueOrDefault("https://index.docker.io/v1/") : null)));
    }
}
