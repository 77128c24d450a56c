using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Node.Machines;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>Yun's own: virtual machines, in Docker's manner. docs/machines.openapi.json describes these routes.</summary>
public static class MachinesRoutes
{
    public static void MapMachines(this IEndpointRouteBuilder routes)
    {
        var machines = routes.MapGroup("/yun/v1/machines");
        machines.MapGet("/kernel", (Engine engine) => Answer(engine.ImageMachines.Kernel.Release));
        machines.MapPut("/kernel", InstallKernelAsync);
        machines.MapGet("/json", List);
        machines.MapPost("/create", CreateAsync);
        machines.MapGet("/{name}/json", (string name, Engine engine) => TypedResults.Json(MachineViews.Inspect(engine.Machines.Find(name)), DockerApiJson.Default.MachineInspect));
        machines.MapPost("/{name}/start", async (string name, HttpContext context, Engine engine) => Done(await engine.Machines.Find(name).StartAsync(context.Flag("fresh"))));
        machines.MapPost("/{name}/stop", async (string name, HttpContext context, Engine engine) => Done(await engine.Machines.Find(name).StopAsync(context.Number("t"))));
        machines.MapPost("/{name}/restart", (string name, HttpContext context, Engine engine) => DoAsync(engine.Machines.Find(name).RestartAsync(context.Number("t"))));
        machines.MapPost("/{name}/kill", (string name, Engine engine) => DoAsync(engine.Machines.Find(name).KillAsync()));
        machines.MapPost("/{name}/pause", (string name, Engine engine) => DoAsync(engine.Machines.Find(name).PauseAsync()));
        machines.MapPost("/{name}/resume", (string name, Engine engine) => DoAsync(engine.Machines.Find(name).ResumeAsync()));
        machines.MapPost("/{name}/save", (string name, Engine engine) => DoAsync(engine.Machines.Find(name).SaveStateAsync()));
        machines.MapPost("/{name}/wait", WaitAsync);
        machines.MapDelete("/{name}", (string name, HttpContext context, Engine engine) => DoAsync(engine.Machines.Find(name).RemoveAsync(context.Flag("force"))));
        routes.MapMachineConsoles();
        routes.MapMachineDisks();
        routes.MapMachineMoves();
    }

    private static async Task<JsonHttpResult<MachineKernelInfo>> InstallKernelAsync(HttpContext context, Engine engine) =>
        Answer(await engine.ImageMachines.Kernel.InstallAsync(context.Request.Body, context.RequestAborted));

    private static JsonHttpResult<MachineKernelInfo> Answer(string release) => TypedResults.Json(new MachineKernelInfo { Release = release }, DockerApiJson.Default.MachineKernelInfo);

    private static JsonHttpResult<List<MachineSummary>> List(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("id", "label", "label!", "name", "status");
        var found = engine.Machines.List().Where(machine => (context.Flag("all") || filters.ContainsKey("status") || machine.State.IsLive || machine.State.Status == MachineStatus.Restarting)
            && filters.MatchesLabels(machine.Config.Labels) && filters.MatchesAny("status", word => machine.State.Word == word)
            && filters.MatchesAny("name", name => machine.Name.Contains(name, StringComparison.Ordinal)) && filters.MatchesAny("id", id => machine.Id.StartsWith(id, StringComparison.Ordinal)));
        return TypedResults.Json(found.Select(MachineViews.Summary).ToList(), DockerApiJson.Default.ListMachineSummary);
    }

    private static async Task<JsonHttpResult<MachineCreateResponse>> CreateAsync(HttpContext context, Engine engine)
    {
        var machine = await engine.Machines.CreateAsync(context.Text("name"), await context.ReadBodyAsync(DockerApiJson.Default.MachineConfig), context.RequestAborted);
        return TypedResults.Json(new MachineCreateResponse { Id = machine.Id }, DockerApiJson.Default.MachineCreateResponse, statusCode: StatusCodes.Status201Created);
    }

    private static Task WaitAsync(string name, HttpContext context, Engine engine) => context.AnswerWaitAsync(engine.Machines.Find(name).WaitAsync);

    internal static async Task<NoContent> DoAsync(Task work)
    {
        await work;
        return TypedResults.NoContent();
    }

    private static StatusCodeHttpResult Done(bool changed) => TypedResults.StatusCode(changed ? StatusCodes.Status204NoContent : StatusCodes.Status304NotModified);
}
