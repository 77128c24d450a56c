using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Yun.BuildKit.Protos;
using Yun.Images;
using Yun.Node.Builds;
using Yun.Node.Builds.Dockerfiles;

namespace Yun.BuildKit;

/// <summary>What a build tells, as the vertexes, logs and statuses that BuildKit's clients show.</summary>
internal sealed class BuildReport(BuildJob job)
{
    // As BuildKit clips it.
    private const int LogBytesMax = 2 << 20;

    private readonly Dictionary<BuildStep, Shown> _steps = new(ReferenceEqualityComparer.Instance);
    private Shown? _first;

    public async Task TellAsync(BuildOutput output)
    {
        await foreach (var said in output.Events.ReadAllAsync()) Tell(said);
    }

    private void Tell(BuildEvent said)
    {
        if (said.Kind == BuildEventKind.Failed && said.Step is { Line: > 0 and var line }) job.Source.FailedLine = line;
        if (said.Warning is { } warning) Warn(warning);
        if (said.Step is not { } step || !step.TakesTime && said.Kind != BuildEventKind.Failed) return;
        var shown = ShownOf(step);
        switch (said.Kind)
        {
            case BuildEventKind.Begun:
                Tell(shown.Vertex);
                break;
            case BuildEventKind.Cached:
                shown.Vertex.Cached = true;
                break;
            case BuildEventKind.Output or BuildEventKind.ErrorOutput:
                Log(shown, said.Text, said.Kind == BuildEventKind.Output ? 1 : 2);
                break;
            case BuildEventKind.Progress:
                if (said.Progress is { Id: { } id } progress) Tell(shown, id, progress);
                break;
            case BuildEventKind.Ended:
                Complete(shown, "");
                break;
            case BuildEventKind.Failed:
                Complete(shown, SolveFailure.Sentence(said.Failure!));
                break;
        }
    }

    private Shown ShownOf(BuildStep step)
    {
        if (_steps.TryGetValue(step, out var known)) return known;
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{job.Reference}\n{step.Number}\n{step.Name}")));
        var shown = new Shown(new Vertex { Digest = $"sha256:{digest}", Name = step.Name, Started = Now() });
        _first ??= shown;
        return _steps[step] = shown;
    }

    private void Complete(Shown shown, string error)
    {
        foreach (var status in shown.Transfers.Values.Where(status => status.Completed is null))
        {
            status.Completed = status.Timestamp = Now();
            job.Tell(new StatusResponse { Statuses = { status.Clone() } });
        }
        shown.Vertex.Completed = Now();
        shown.Vertex.Error = error;
        Tell(shown.Vertex);
    }

    private void Log(Shown shown, string text, int stream)
    {
        if (shown.LogBytes > LogBytesMax) return;
        var bytes = ByteString.CopyFromUtf8(text);
        shown.LogBytes += bytes.Length;
        if (shown.LogBytes > LogBytesMax) bytes = ByteString.CopyFromUtf8($"{text}\n[output clipped, log limit {LogBytesMax >> 20}MiB reached]\n");
        job.Tell(new StatusResponse { Logs = { new VertexLog { Vertex = shown.Vertex.Digest, Stream = stream, Msg = bytes, Timestamp = Now() } } });
    }

    private void Tell(Shown shown, string id, TransferProgress progress)
    {
        if (!shown.Transfers.TryGetValue(id, out var status))
            shown.Transfers[id] = status = new VertexStatus { Id = id, Name = id, Vertex = shown.Vertex.Digest, Started = Now() };
        if (progress.Total > 0) (status.Current, status.Total) = (progress.Current, progress.Total);
        status.Timestamp = Now();
        job.Tell(new StatusResponse { Statuses = { status.Clone() } });
    }

    private void Warn(DockerfileWarning warning)
    {
        if (_first is not { } at) return;
        var line = new Position { Line = warning.Line };
        job.Tell(new StatusResponse
        {
            Warnings =
            {
                new VertexWarning
                {
                    Vertex = at.Vertex.Digest,
                    Level = 1,
                    Short = ByteString.CopyFromUtf8(warning.Text),
                    Detail = { ByteString.CopyFromUtf8(warning.Rule.Description) },
                    Url = warning.Rule.Address,
                    Info = new SourceInfo { Filename = job.Source.FileName ?? "", Data = ByteString.CopyFromUtf8(job.Source.Text), Language = "Dockerfile" },
                    Ranges = { new Protos.Range { Start = line, End = line } },
                },
            },
        });
    }

    private void Tell(Vertex vertex) => job.Tell(new StatusResponse { Vertexes = { vertex.Clone() } });

    private static Timestamp Now() => Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow);

    private sealed class Shown(Vertex vertex)
    {
        public Vertex Vertex { get; } = vertex;
        public Dictionary<string, VertexStatus> Transfers { get; } = [];
        public int LogBytes { get; set; }
    }
}
