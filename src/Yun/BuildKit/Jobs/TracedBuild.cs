using Google.Protobuf;
using Yun.BuildKit.Protos;
using Yun.DockerApi;
using Yun.DockerApi.Model;
using Yun.Node.Builds;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>
/// <c>POST /build?version=2</c>: BuildKit by docker clients without buildx, up to 22. They open a session, ask for the build by Docker's own parameters, and read BuildKit's
/// progress from the answer.
/// </summary>
internal static class TracedBuild
{
    private const string ClientSession = "client-session", Upload = "upload-request", TraceId = "moby.buildkit.trace", ImageId = "moby.image.id";

    /// <param name="request">What the parameters say; its context is not read.</param>
    /// <param name="outputs">Where the result goes beside its names; empty keeps it here.</param>
    public static Task RunAsync(HttpContext context, BuildKitServer server, BuildRequest request, IReadOnlyList<BuildOutputOption> outputs)
    {
        var session = context.Text("session") ?? throw new EngineException(ErrorKind.InvalidArgument, "a build of version 2 needs a session");
        if (request.Remote == Upload) throw new EngineException(ErrorKind.NotImplemented, "a context that is uploaded by itself is not supported: send a folder, or use buildx");
        var remote = request.Remote == ClientSession ? null : request.Remote;
        var job = server.Jobs.Get(context.Text("buildid") ?? session);
        job.SetSession(session);
        return ProgressLines.RunAsync(context, async lines =>
        {
            var telling = TellAsync(job, lines);
            try
            {
                using var built = await server.Solver.BuildAsync(job, request, new ClientFolders { Remote = remote }, context.RequestAborted);
                // Without any the result stays here, under the names that the build has given it already.
                IEnumerable<BuildOutputOption> wanted = outputs.Count > 0 || request.Tags.Count > 0 ? outputs.Where(output => output.Type is not ("" or "moby")) : [new BuildOutputOption { Type = "moby" }];
                var exporters = wanted.Select(output => new Exporter { Type = output.Type, Attrs = { output.Attrs ?? [] } });
                await server.Export.ExportAsync(job, built.Product, [.. exporters], context.RequestAborted);
                lines.Write(new ProgressMessage { Id = ImageId, Aux = ProgressLines.Aux(new BuildResult { Id = built.Product.Image.Id.ToString() }, DockerApiJson.Default.BuildResult) });
                if (context.Flag("q")) lines.Write(new ProgressMessage { Stream = $"{built.Product.Image.Id}\n" });
            }
            catch (BuildCommandException failed) { throw new EngineException(ErrorKind.InvalidArgument, SolveFailure.Sentence(failed), failed); }
            finally
            {
                server.Jobs.End(job);
                await telling;
            }
        });
    }

    private static async Task TellAsync(BuildJob job, ProgressLines lines)
    {
        await foreach (var news in job.News.ReadAllAsync())
            lines.Write(new ProgressMessage { Id = TraceId, Aux = ProgressLines.Aux(Convert.ToBase64String(news.ToByteArray()), DockerApiJson.Default.String) });
    }
}
