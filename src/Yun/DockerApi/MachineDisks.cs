using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Machines.Disks;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>Disks that virtual machines are made from, and snapshots of those they have.</summary>
public static class MachineDisksRoutes
{
    public static void MapMachineDisks(this IEndpointRouteBuilder routes)
    {
        var snapshots = routes.MapGroup("/yun/v1/machines/{name}/snapshots");
        snapshots.MapPost("/{snapshot}", (string name, string snapshot, Engine engine) => MachinesRoutes.DoAsync(engine.Machines.Find(name).SnapshotAsync(snapshot)));
        snapshots.MapDelete("/{snapshot}", (string name, string snapshot, Engine engine) => MachinesRoutes.DoAsync(engine.Machines.Find(name).RemoveSnapshotAsync(snapshot)));
        snapshots.MapPost("/{snapshot}/restore", (string name, string snapshot, Engine engine) => MachinesRoutes.DoAsync(engine.Machines.Find(name).RestoreAsync(snapshot)));
        routes.MapPost("/yun/v1/machines/{name}/clone", CloneAsync);
        routes.MapPost("/yun/v1/machines/{name}/disks/{number:int}/resize", (string name, int number, HttpContext context, Engine engine) => MachinesRoutes.DoAsync(engine.Machines.Find(name).ResizeDiskAsync(number, Size(context))));
        routes.MapGet("/yun/v1/machines/{name}/disks/{number:int}/export", ExportAsync);
        routes.MapPost("/yun/v1/machines/{name}/disks/{number:int}/push", PushAsync);
        var disks = routes.MapGroup("/yun/v1/disks");
        disks.MapPost("/pull", PullAsync);
        disks.MapGet("/json", (Engine engine) => TypedResults.Json(engine.Machines.Library.List().Select(Show).ToList(), DockerApiJson.Default.ListDiskInfo));
        disks.MapPut("/{name}", ImportAsync);
        disks.MapDelete("/{name}", (string name, Engine engine) => MachinesRoutes.DoAsync(engine.Machines.Library.RemoveAsync(name)));
    }

    private static async Task<JsonHttpResult<DiskInfo>> ImportAsync(string name, HttpContext context, Engine engine) =>
        TypedResults.Json(Show(await engine.Machines.Library.ImportAsync(name, context.Request.Body, null, context.RequestAborted)), DockerApiJson.Default.DiskInfo, statusCode: StatusCodes.Status201Created);

    private static async Task<JsonHttpResult<MachineCreateResponse>> CloneAsync(string name, HttpContext context, Engine engine)
    {
        var clone = await engine.Machines.Find(name).CloneAsync(context.Text("name"), context.RequestAborted);
        return TypedResults.Json(new MachineCreateResponse { Id = clone.Id }, DockerApiJson.Default.MachineCreateResponse, statusCode: StatusCodes.Status201Created);
    }

    private static async Task ExportAsync(string name, int number, HttpContext context, Engine engine)
    {
        await using var disk = await engine.Machines.Find(name).ExportDiskAsync(number, context.RequestAborted);
        context.Response.ContentLength = disk.Length;
        context.Response.ContentType = "application/octet-stream";
        await disk.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static Task PushAsync(string name, int number, HttpContext context, Engine engine)
    {
        var machine = engine.Machines.Find(name);
        var (reference, auth) = (Reference(context), RegistryCredentials.Of(context));
        return ProgressLines.RunAsync(context, lines => machine.PushDiskAsync(number, reference, auth, lines, context.RequestAborted));
    }

    private static async Task<JsonHttpResult<DiskInfo>> PullAsync(HttpContext context, Engine engine)
    {
        var disk = await engine.Machines.Library.PullAsync(Reference(context), context.Text("name"), RegistryCredentials.Of(context), context.RequestAborted);
        return TypedResults.Json(Show(disk), DockerApiJson.Default.DiskInfo, statusCode: StatusCodes.Status201Created);
    }

    private static ImageReference Reference(HttpContext context) => ImagesRoutes.Reference(context.Text("reference") ?? throw new EngineException(ErrorKind.InvalidArgument, "the reference is missing"), null).WithDefaultTag();

    private static long Size(HttpContext context) => long.TryParse(context.Text("size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size
        : throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for size: '{context.Text("size")}' is not a number of bytes");

    private static DiskInfo Show(LibraryDisk disk) => new() { Name = disk.Name, Format = disk.Format, SizeBytes = disk.SizeBytes, Created = disk.Created };
}
