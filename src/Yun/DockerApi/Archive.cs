using System.Text.Json;
using Yun.Archives;
using Yun.DockerApi.Model;
using Yun.Linux;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>Files in and out of a container: <c>docker cp</c>, <c>export</c> and <c>diff</c>.</summary>
public static class ArchiveRoutes
{
    private const string StatusHeader = "X-Docker-Container-Path-Stat", Tar = "application/x-tar";

    public static void MapArchive(this IEndpointRouteBuilder routes)
    {
        var container = routes.MapGroup("/containers/{name}");
        container.MapMethods("/archive", ["HEAD"], StatusAsync);
        container.MapGet("/archive", ReadAsync);
        container.MapPut("/archive", ExtractAsync);
        container.MapGet("/export", ExportAsync);
        container.MapGet("/changes", async (string name, HttpContext context, Engine engine) => TypedResults.Json(
            (await engine.Containers.Find(name).ChangesAsync(context.RequestAborted)).Select(change => new FilesystemChange { Path = change.Path, Kind = (int)change.Kind }).ToList(), DockerApiJson.Default.ListFilesystemChange));
    }

    private static async Task StatusAsync(string name, HttpContext context, Engine engine)
    {
        await using var path = await engine.Containers.Find(name).OpenPathAsync(PathOf(context), context.RequestAborted);
        context.Response.Headers[StatusHeader] = Header(path.Status);
    }

    private static async Task ReadAsync(string name, HttpContext context, Engine engine)
    {
        var container = engine.Containers.Find(name);
        await using var path = await container.OpenPathAsync(PathOf(context), context.RequestAborted);
        await using var archive = await path.OpenArchiveAsync(context.RequestAborted);
        context.Response.Headers[StatusHeader] = Header(path.Status);
        await context.StartStreamAsync(Tar);
        await archive.CopyToAsync(context.Response.Body, context.RequestAborted);
        container.Publish("archive-path");
    }

    private static async Task ExtractAsync(string name, HttpContext context, Engine engine) => await engine.Containers.Find(name).ExtractAsync(
        PathOf(context), context.Request.Body, context.Flag("noOverwriteDirNonDir"), context.Flag("copyUIDGID"), context.RequestAborted);

    private static Task ExportAsync(string name, HttpContext context, Engine engine) => engine.Containers.Find(name).ExportAsync(async tar =>
    {
        await context.StartStreamAsync(Tar);
        await tar.CopyToAsync(context.Response.Body, context.RequestAborted);
    }, context.RequestAborted);

    private static string PathOf(HttpContext context) => context.Text("path") ?? throw new EngineException(ErrorKind.InvalidArgument, "bad parameter: the path is missing");

    private static string Header(PathStatus status) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new ContainerPathStat
    {
        Name = status.Name, Size = status.Size, Mode = GoMode(status), ModifiedAt = status.ModifiedAt, LinkTarget = status.LinkTarget,
    }, DockerApiJson.Default.ContainerPathStat));

    // os.FileMode of Go: the nine permission bits are Unix's, everything else has bits of its own.
    private static uint GoMode(PathStatus status)
    {
        const uint setUser = 0x800, setGroup = 0x400, sticky = 0x200;
        var kind = status.Kind switch
        {
            FileKind.Directory => 1u << 31,
            FileKind.SymbolicLink => 1u << 27,
            FileKind.BlockDevice => 1u << 26,
            FileKind.CharacterDevice => (1u << 26) | (1u << 21),
            FileKind.Fifo => 1u << 25,
            FileKind.Socket => 1u << 24,
            _ => 0u,
        };
        return kind | (status.Mode & 0x1FF) | ((status.Mode & setUser) != 0 ? 1u << 23 : 0) | ((status.Mode & setGroup) != 0 ? 1u << 22 : 0) | ((status.Mode & sticky) != 0 ? 1u << 20 : 0);
    }
}
