using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;
using Yun.Node.Containers;
using Yun.Node.Machines;
using Yun.Node.Machines.Hypervisors;
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
        machines.MapGet("/json", ListAsync);
        machines.MapPost("/create", CreateAsync);
        machines.MapGet("/{name}/json", InspectAsync);
        machines.MapPost("/{name}/start", async (string name, HttpContext context, Engine engine) => Done(await At(context, engine).StartAsync(name, context.Flag("fresh"), context.RequestAborted)));
        machines.MapPost("/{name}/stop", async (string name, HttpContext context, Engine engine) => Done(await At(context, engine).StopAsync(name, context.Number("t"), context.RequestAborted)));
        machines.MapPost("/{name}/restart", (string name, HttpContext context, Engine engine) => DoAsync(At(context, engine).RestartAsync(name, context.Number("t"), context.RequestAborted)));
        machines.MapPost("/{name}/kill", (string name, HttpContext context, Engine engine) => DoAsync(At(context, engine).KillAsync(name, context.RequestAborted)));
        machines.MapPost("/{name}/pause", (string name, HttpContext context, Engine engine) => DoAsync(At(context, engine).PauseAsync(name, context.RequestAborted)));
        machines.MapPost("/{name}/resume", (string name, HttpContext context, Engine engine) => DoAsync(At(context, engine).ResumeAsync(name, context.RequestAborted)));
        machines.MapPost("/{name}/save", (string name, HttpContext context, Engine engine) => DoAsync(At(context, engine).SaveAsync(name, context.RequestAborted)));
        machines.MapPost("/{name}/exec", ExecAsync);
        machines.MapPost("/{name}/wait", WaitAsync);
        machines.MapDelete("/{name}", (string name, HttpContext context, Engine engine) => DoAsync(At(context, engine).RemoveAsync(name, context.Flag("force"), context.RequestAborted)));
        routes.MapMachineConsoles();
        routes.MapMachineDisks();
        routes.MapMachineMoves();
    }

    private static async Task<JsonHttpResult<MachineKernelInfo>> InstallKernelAsync(HttpContext context, Engine engine) =>
        Answer(await engine.ImageMachines.Kernel.InstallAsync(context.Request.Body, context.RequestAborted));

    private static JsonHttpResult<MachineKernelInfo> Answer(string release) => TypedResults.Json(new MachineKernelInfo { Release = release }, DockerApiJson.Default.MachineKernelInfo);

    /// <summary>The hypervisor that a request is for: this daemon's own unless a URI is named.</summary>
    private static IHypervisor At(HttpContext context, Engine engine) => engine.Hypervisors.Of(context.Text("hypervisor"));

    private static async Task<JsonHttpResult<List<MachineSummary>>> ListAsync(HttpContext context, Engine engine)
    {
        var filters = context.Filters();
        filters.AllowFilters("id", "label", "label!", "name", "status");
        var now = engine.Time.GetUtcNow();
        var found = (await At(context, engine).ListAsync(context.RequestAborted)).Where(machine => (context.Flag("all") || filters.ContainsKey("status") || machine.State.IsLive || machine.State.Status == MachineStatus.Restarting)
            && filters.MatchesLabels(machine.Config.Labels) && filters.MatchesAny("status", word => machine.State.Word == word)
            && filters.MatchesAny("name", name => machine.Name.Contains(name, StringComparison.Ordinal)) && filters.MatchesAny("id", id => machine.Id.StartsWith(id, StringComparison.Ordinal)));
        return TypedResults.Json(found.Select(machine => MachineViews.Summary(machine, now)).ToList(), DockerApiJson.Default.ListMachineSummary);
    }

    private static async Task<JsonHttpResult<MachineInspect>> InspectAsync(string name, HttpContext context, Engine engine)
    {
        var hypervisor = At(context, engine);
        var record = await hypervisor.FindAsync(name, context.RequestAborted);
        var own = hypervisor == engine.Hypervisors.Own ? engine.Machines.Find(record.Id) : null;
        var guest = own is null ? null : await own.AskGuestAsync(context.RequestAborted);
        return TypedResults.Json(MachineViews.Inspect(record, hypervisor.Description, own?.LogPath ?? "", guest), DockerApiJson.Default.MachineInspect);
    }

    private static async Task<JsonHttpResult<GuestExit>> ExecAsync(string name, HttpContext context, Engine engine) =>
        TypedResults.Json(await engine.Machines.Find(name).ExecAsync(await context.ReadBodyAsync(DockerApiJson.Default.GuestCommand), context.RequestAborted), DockerApiJson.Default.GuestExit);

    private static async Task<JsonHttpResult<MachineCreateResponse>> CreateAsync(HttpContext context, Engine engine)
    {
        var id = await At(context, engine).CreateAsync(context.Text("name"), await context.ReadBodyAsync(DockerApiJson.Default.MachineConfig), context.RequestAborted);
        return TypedResults.Json(new MachineCreateResponse { Id = id }, DockerApiJson.Default.MachineCreateResponse, statusCode: StatusCodes.Status201Created);
    }

    private static Task WaitAsync(string name, HttpContext context, Engine engine) => context.AnswerWaitAsync(engine.Machines.Find(name).WaitAsync);

    internal static async Task<NoContent> DoAsync(Task work)
    {
        await work;
        return TypedResults.NoContent();
    }

    private static StatusCodeHttpResult Done(bool changed) => TypedResults.StatusCode(changed ? StatusCodes.Status204NoContent : StatusCodes.Status304NotModified);
}
