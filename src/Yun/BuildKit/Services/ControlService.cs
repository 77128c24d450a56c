using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Yun.BuildKit.Protos;
using Yun.Images;
using Yun.Node;
using Yun.Node.Builds;

namespace Yun.BuildKit;

/// <summary>BuildKit's main service: builds, their progress, and what the builder keeps.</summary>
internal sealed class ControlService(Engine engine, BuildJobs jobs, BuildSolver solver, ResultExport export) : Control.ControlBase
{
    private const string RecordType = "regular";

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
        foreach (var step in (await engine.Builds.Cache.StepsAsync(context.CancellationToken)).Where(step => matches?.Invoke(step) != false))
        {
            response.Record.Add(new UsageRecord
            {
                Id = step.Key, Description = step.Entry.Command, RecordType = RecordType, Size = step.Bytes, InUse = step.IsHeld, Shared = step.IsHeld,
                CreatedAt = Timestamp.FromDateTimeOffset(step.Entry.Created), LastUsedAt = Timestamp.FromDateTimeOffset(step.Entry.LastUsed), UsageCount = step.Entry.Uses,
            });
        }
        return response;
    }

    public override async Task Prune(PruneRequest request, IServerStreamWriter<UsageRecord> responses, ServerCallContext context)
    {
        var before = engine.Time.GetUtcNow() - TimeSpan.FromTicks(request.KeepDuration / TimeSpan.NanosecondsPerTick);
        var (removed, bytes) = await engine.Builds.PruneAsync(before, request.KeepBytes, Matching(request.Filter), context.CancellationToken);
        for (var i = 0; i < removed.Count; i++)
            await responses.WriteAsync(new UsageRecord { Id = removed[i].ToString(), RecordType = RecordType, Size = i == 0 ? bytes : 0, CreatedAt = Timestamp.FromDateTimeOffset(before) }, context.CancellationToken);
    }

    /// <summary>What filters such as <c>id=KEY</c> and <c>type=regular</c> let through; null for all.</summary>
    private static Func<CachedStep, bool>? Matching(Google.Protobuf.Collections.RepeatedField<string> filters)
    {
        var given = filters.SelectMany(filter => filter.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (given.Count == 0) return null;
        var wanted = given.Select(filter => filter.Replace("==", "=", StringComparison.Ordinal).Split('=', 2)).ToList();
        if (wanted.Find(filter => filter.Length != 2 || filter[0] is not ("id" or "type")) is { } unknown)
            throw new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument, $"unknown filter '{string.Join('=', unknown)}': this builder knows id and type"));
        return step => wanted.TrueForAll(filter => filter[0] == "id" ? step.Key.StartsWith(filter[1], StringComparison.Ordinal) : filter[1] == RecordType);
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
