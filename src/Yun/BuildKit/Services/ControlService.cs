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
    public override async Task<SolveResponse> Solve(SolveRequest request, ServerCallContext context)
    {
        var cancel = context.CancellationToken;
        var job = jobs.Get(request.Ref);
        try
        {
            job.SetSession(request.Session);
            if (await ResultAsync(job, request, cancel) is not { } image) return new SolveResponse();
            var response = new SolveResponse { ExporterResponse = { await export.ExportAsync(job, image, ExportersOf(request), cancel) } };
            foreach (var cache in request.Cache?.Exports ?? []) await export.ExportCacheAsync(job, image, cache, cancel);
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
        foreach (var (key, entry) in await engine.Builds.Cache.ListAsync(context.CancellationToken))
        {
            if (engine.Images.TryFind(entry.Image.ToString()) is not { } image) continue;
            var below = image.Parent is { } parent ? engine.Images.TryFind(parent.ToString())?.Layers.Count ?? 0 : 0;
            response.Record.Add(new UsageRecord
            {
                Id = key, Description = entry.Command, RecordType = "regular", Size = image.Layers.Skip(below).Sum(layer => layer.SizeBytes), InUse = !image.IsDangling, Shared = !image.IsDangling,
                CreatedAt = Timestamp.FromDateTimeOffset(entry.Created), LastUsedAt = Timestamp.FromDateTimeOffset(entry.LastUsed), UsageCount = entry.Uses,
            });
        }
        return response;
    }

    public override async Task Prune(PruneRequest request, IServerStreamWriter<UsageRecord> responses, ServerCallContext context)
    {
        var before = engine.Time.GetUtcNow() - TimeSpan.FromTicks(request.KeepDuration / TimeSpan.NanosecondsPerTick);
        var (removed, bytes) = await engine.Builds.PruneAsync(before, context.CancellationToken);
        for (var i = 0; i < removed.Count; i++)
            await responses.WriteAsync(new UsageRecord { Id = removed[i].ToString(), RecordType = "regular", Size = i == 0 ? bytes : 0, CreatedAt = Timestamp.FromDateTimeOffset(before) }, context.CancellationToken);
    }

    /// <summary>The image to export; null when the client drove the build and wants nothing exported.</summary>
    private async Task<Image?> ResultAsync(BuildJob job, SolveRequest request, CancellationToken cancel)
    {
        if (request.Frontend.Length > 0)
        {
            var built = await solver.BuildAsync(job, request.Frontend, request.FrontendAttrs, cancel);
            job.Keep(built);
            return built.Image;
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
