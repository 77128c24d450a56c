using Yun.Commands.CommandLine;
using Yun.Commands.Containers;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.Commands.Images;
using Yun.Commands.Volumes;
using Yun.DockerApi.Model;

namespace Yun.Commands;

/// <summary><c>yun system df</c>.</summary>
public sealed class DiskUsageCommand : Command
{
    private static readonly Listing s_listing = new("{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}", new Dictionary<string, string>
    {
        ["Type"] = "TYPE", ["TotalCount"] = "TOTAL", ["Active"] = "ACTIVE", ["Size"] = "SIZE", ["Reclaimable"] = "RECLAIMABLE",
    });

    private static readonly Listing s_cacheListing = new("{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}", new Dictionary<string, string>
    {
        ["ID"] = "CACHE ID", ["CacheType"] = "CACHE TYPE", ["Size"] = "SIZE", ["CreatedSince"] = "CREATED", ["LastUsedSince"] = "LAST USED", ["UsageCount"] = "USAGE", ["Shared"] = "SHARED",
    });

    private readonly Setting<string?> _format;
    private readonly Flag _verbose;

    public DiskUsageCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _format = AddFormat(table: true);
        _verbose = AddFlag("verbose", 'v', "Show detailed information on space usage");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var usage = session.Api.Get("/system/df", DockerApiJson.Default.DiskUsage);
        if (_verbose) PrintVerbose(session.Out, usage);
        else s_listing.Print(session.Out, _format.Value, [OfImages(usage), OfContainers(usage.Containers ?? []), OfVolumes(usage.Volumes ?? []), OfBuildCache(usage.BuildCache ?? [])]);
        return 0;
    }

    private static Row Line(string type, int total, int active, long size, string reclaimable) => new Row()
        .Add("Type", () => type).Add("TotalCount", () => total.ToString()).Add("Active", () => active.ToString())
        .Add("Size", () => HumanSize.Decimal(size)).Add("Reclaimable", () => reclaimable);

    private static string Share(long part, long whole) => whole > 0 ? $"{HumanSize.Decimal(part)} ({part * 100 / whole}%)" : HumanSize.Decimal(part);

    private static Row OfImages(DiskUsage usage)
    {
        var images = usage.Images ?? [];
        var used = images.Where(i => i is { Containers: not 0, Size: >= 0, SharedSize: >= 0 }).Sum(i => i.Size - i.SharedSize);
        return Line("Images", images.Count, images.Count(i => i.Containers > 0), usage.LayersSize, Share(usage.LayersSize - used, usage.LayersSize));
    }

    private static Row OfContainers(List<ContainerSummary> containers)
    {
        static bool IsActive(ContainerSummary c) => c.State is "running" or "paused" or "restarting";
        var size = containers.Sum(c => c.SizeRw ?? 0);
        return Line("Containers", containers.Count, containers.Count(IsActive), size, Share(containers.Where(c => !IsActive(c)).Sum(c => c.SizeRw ?? 0), size));
    }

    private static Row OfVolumes(List<Volume> volumes)
    {
        var measured = volumes.Where(v => v.UsageData is { Size: >= 0 }).ToList();
        var size = measured.Sum(v => v.UsageData!.Size);
        return Line("Local Volumes", volumes.Count, volumes.Count(v => v.UsageData?.RefCount > 0), size, Share(measured.Where(v => v.UsageData!.RefCount == 0).Sum(v => v.UsageData!.Size), size));
    }

    private static Row OfBuildCache(List<BuildCacheRecord> records)
    {
        var size = records.Where(r => !r.Shared).Sum(r => r.Size);
        return Line("Build Cache", records.Count, records.Count(r => r.InUse), size, HumanSize.Decimal(size - records.Where(r => r is { InUse: true, Shared: false }).Sum(r => r.Size)));
    }

    private static void PrintVerbose(TextWriter output, DiskUsage usage)
    {
        output.Write("Images space usage:\n\n");
        new Listing("{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}", ImageRow.Listing.Headers)
            .Print(output, null, (usage.Images ?? []).SelectMany(i => ImageRow.Of(i, truncate: true, digests: false)));
        output.Write("\nContainers space usage:\n\n");
        new Listing("{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}", ContainerRow.Listing.Headers)
            .Print(output, null, (usage.Containers ?? []).Select(c => ContainerRow.Of(c, truncate: true)));
        output.Write("\nLocal Volumes space usage:\n\n");
        ListVolumesCommand.UsageListing.Print(output, null, (usage.Volumes ?? []).Select(ListVolumesCommand.Row));
        var records = usage.BuildCache ?? [];
        output.Write($"\nBuild cache usage: {HumanSize.Decimal(records.Where(r => !r.Shared).Sum(r => r.Size))}\n\n");
        s_cacheListing.Print(output, null, records.Select(OfRecord));
    }

    private static Row OfRecord(BuildCacheRecord record) => new Row()
        .Add("ID", () => Shortened.Id(record.Id) + (record.InUse ? "*" : ""))
        .Add("CacheType", () => record.Type)
        .Add("Size", () => HumanSize.Decimal(record.Size, 3))
        .Add("CreatedSince", () => HumanDuration.Ago(record.CreatedAt, DateTimeOffset.UtcNow))
        .Add("LastUsedSince", () => record.LastUsedAt is { } time ? HumanDuration.Ago(time, DateTimeOffset.UtcNow) : "")
        .Add("UsageCount", () => record.UsageCount.ToString())
        .Add("Shared", () => record.Shared ? "true" : "false");
}
