using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;

namespace Yun.DockerApi;

/// <summary>Yun's own: virtual machines.</summary>
public static class MachinesRoutes
{
    public static void MapMachines(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/yun/v1/machines/kernel", Show);
        routes.MapPut("/yun/v1/machines/kernel", InstallAsync);
    }

    private static JsonHttpResult<MachineKernelInfo> Show(Engine engine) => Answer(engine.Machines.Kernel.Release);

    private static async Task<JsonHttpResult<MachineKernelInfo>> InstallAsync(HttpContext context, Engine engine) =>
        Answer(await engine.Machines.Kernel.InstallAsync(context.Request.Body, context.RequestAborted));

    private static JsonHttpResult<MachineKernelInfo> Answer(string release) => TypedResults.Json(new MachineKernelInfo { Release = release }, DockerApiJson.Default.MachineKernelInfo);
}
