using Grpc.Core;
using Yun.BuildKit.Protos.Gateway;
using Yun.Node;
using Yun.Protocol;
using RpcStatus = Yun.BuildKit.Protos.Status;

namespace Yun.BuildKit;

/// <summary>The service by which a client drives its build: buildx asks here for the Dockerfile to be built, and says then what of it is the result.</summary>
internal sealed class BridgeService(Engine engine, BuildJobs jobs, BuildSolver solver) : LLBBridge.LLBBridgeBase
{
    private const string JobHeader = "buildkit-controlapi-buildid";

    // As BuildKit names what a server of this interface can do.
    private static readonly string[] s_abilities = ["solve.base", "return", "proto.refarray", "returnmap", "gateway.evaluate", "gateway.solve.evaluate"];

    public override Task<PongResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PongResponse
    {
        FrontendApiCaps = { s_abilities.Select(id => new APICap { Id = id, Enabled = true }) },
        Workers = { Worker.Record(engine.Id) },
    });

    public override async Task<SolveResponse> Solve(SolveRequest request, ServerCallContext context)
    {
        var job = JobOf(context);
        try
        {
            if (!request.Definition.IsEmpty && request.Frontend.Length == 0) throw new EngineException(ErrorKind.NotImplemented, "this builder takes Dockerfiles, not build graphs (LLB)");
            var built = await solver.BuildAsync(job, request.Frontend, request.FrontendOpt, context.CancellationToken);
            var id = job.Keep(built);
            if (!request.AllowResultReturn) return new SolveResponse { Ref = id };
            if (built.Product.Index is not null) return new SolveResponse { Result = PlatformRefs.Of(built.Product, id) };
            return new SolveResponse { Result = request.AllowResultArrayRef ? new Result { Ref = new Ref { Id = id } } : new Result { RefDeprecated = id } };
        }
        catch (Exception error)
        {
            throw SolveFailure.Of(error, job);
        }
    }

    // A result is built before it has a name.
    public override Task<EvaluateResponse> Evaluate(EvaluateRequest request, ServerCallContext context) => Task.FromResult(new EvaluateResponse());

    public override Task<ReturnResponse> Return(ReturnRequest request, ServerCallContext context)
    {
        var result = request.Result;
        var id = result?.ResultCase switch
        {
            Result.ResultOneofCase.Ref => result.Ref.Id,
            Result.ResultOneofCase.Refs => PlatformRefs.IdOf(result.Refs),
            _ => result?.RefDeprecated,
        };
        JobOf(context).Return(new ReturnedResult(id ?? "", request.Error is { Code: not 0 } failure ? new RpcStatus(failure) : null));
        return Task.FromResult(new ReturnResponse());
    }

    private BuildJob JobOf(ServerCallContext context) => context.RequestHeaders.GetValue(JobHeader) is { Length: > 0 } reference ? jobs.Get(reference)
        : throw new RpcException(new Status(StatusCode.InvalidArgument, $"the call does not say which build it is for: the header {JobHeader} is missing"));
}
