using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Yun.BuildKit.Protos;
using Yun.Images;
using Yun.Node;
using Yun.Node.Builds;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>BuildKit's main service: builds, their progress, and what the builder keeps.</summary>
internal sealed class ControlService(Engine engine, BuildJobs jobs, BuildSolver solver, ResultExport export) : Control.ControlBase
{
    public override async Task<SolveResponse> Solve(SolveRequest request, ServerCallContext context)
    {
        var cancel = context.CancellationToken;
        var job = jobs.Get(request.Ref);
        try
        {
            job.SetSession(request.Session);
            if (await ResultAsync(job, request, cancel) is not { } built) return new SolveResponse();
            var response = new SolveResponse { ExporterResponse = { await export.ExportAsync(job, built, ExportersOf(request), cancel) } };
            foreach (var cache in request.Cache?.Exports ?? [])
                if (await export.ExportCacheAsync(job, built, cache, cancel) is { } manifest) response.ExporterResponse["cache.manifest"] = manifest;
            return response;
        }
        catch (Exception error)
        {
            throw SolveFailure.Of(error, job);
        }
        finally { jobs.End(job); }
    }

    public override async Task Status(StatusRequest request, IServerStreamWriter<StatusResponse> responses, ServerCallContext context)
    {
        var job = jobs.Get(request.Ref);
        await foreach (var news in job.News.ReadAllAsync(context.CancellationToken)) await responses.WriteAsync(news, context.CancellationToken);
    }

    public override Task<ListWorkersResponse> ListWorkers(ListWorkersRequest request, ServerCallContext context) =>
        Task.FromResult(new ListWorkersResponse { Record = { Worker.Record(engine.Id) } });

    public override Task<InfoResponse> Info(InfoRequest request, ServerCallContext context) => Task.FromResult(new InfoResponse { BuildkitVersion = Worker.Version });

    public override async Task<DiskUsageResponse> DiskUsage(DiskUsageRequest request, ServerCallContext context)
    {
        var response = new DiskUsageResponse();
        var matches = Matching(request.Filter);
        response.Record.Add((await engine.Builds.Cache.StepsAsync(context.CancellationToken)).Where(step => matches?.Invoke(step) != false).Select(RecordOf));
        return response;
    }

    public override async Task Prune(PruneRequest request, IServerStreamWriter<UsageRecord> responses, ServerCallContext context)
    {
        var before = engine.Time.GetUtcNow() - TimeSpan.FromTicks(request.KeepDuration / TimeSpan.NanosecondsPerTick);
        var (removed, bytes) = await engine.Builds.PruneAsync(before, request.All, request.KeepBytes, Matching(request.Filter), context.CancellationToken);
        foreach (var step in removed) await responses.WriteAsync(RecordOf(step with { IsHeld = false }), context.CancellationToken);
        var mounts = bytes - removed.Sum(step => step.Bytes);
        if (mounts > 0) await responses.WriteAsync(new UsageRecord { Id = "cache-mounts", RecordType = "exec.cachemount", Size = mounts, CreatedAt = Timestamp.FromDateTimeOffset(engine.Time.GetUtcNow()) }, context.CancellationToken);
    }

    private static UsageRecord RecordOf(CachedStep step) => new()
    {
        Id = step.Key, Description = step.Entry.Command, RecordType = StepFilter.Kind, Size = step.Bytes, InUse = step.IsHeld, Shared = step.IsHeld,
        CreatedAt = Timestamp.FromDateTimeOffset(step.Entry.Created), LastUsedAt = Timestamp.FromDateTimeOffset(step.Entry.LastUsed), UsageCount = step.Entry.Uses,
    };

    /// <summary>What filters such as <c>id=KEY</c> and <c>type=regular</c> let through; null for all.</summary>
    private static Func<CachedStep, bool>? Matching(Google.Protobuf.Collections.RepeatedField<string> filters)
    {
        var given = filters.SelectMany(filter => filter.Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(filter => filter.Replace("==", "=", StringComparison.Ordinal).Split('=', 2));
        try { return StepFilter.Of([.. given.Select(filter => (filter[0], filter.Length > 1 ? filter[1] : ""))]); }
        catch (EngineException unknown) { throw new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument, unknown.Message)); }
    }

    /// <summary>The image to export; null when the client drove the build and wants nothing exported.</summary>
    private async Task<BuildProduct?> ResultAsync(BuildJob job, SolveRequest request, CancellationToken cancel)
    {
        if (request.Frontend.Length > 0)
        {
            var built = await solver.BuildAsync(job, request.Frontend, request.FrontendAttrs, cancel);
            job.Keep(built);
            return built.Product;
        }
        var returned = await job.ReturnedAsync(cancel);
        if (returned.Failure is { } failure) throw SolveFailure.Of(failure);
        return job.Find(returned.Id);
    }

    private static Google.Protobuf.Collections.RepeatedField<Exporter> ExportersOf(SolveRequest request)
    {
        if (request.Exporters.Count > 0) return request.Exporters;
        return request.Exporter.Length > 0 ? [new Exporter { Type = request.Exporter, Attrs = { request.ExporterAttrs } }] : [];
    }
}
