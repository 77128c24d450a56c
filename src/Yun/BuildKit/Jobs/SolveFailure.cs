using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Yun.BuildKit.Protos;
using Yun.Node.Builds;
using Yun.Node.Builds.Dockerfiles;
using RpcStatus = Yun.BuildKit.Protos.Status;

namespace Yun.BuildKit;

/// <summary>A failed build as clients of BuildKit expect it: one sentence, and the place in the Dockerfile, which they print with its lines.</summary>
internal static class SolveFailure
{
    private const string DetailsTrailer = "grpc-status-details-bin", SourceType = "github.com/moby/buildkit/errdefs.Source+json";

    public static RpcException Of(Exception error, BuildJob job)
    {
        if (error is RpcException already) return already;
        if (error is OperationCanceledException) return new RpcException(new Grpc.Core.Status(StatusCode.Cancelled, "context canceled"));
        // Clients print the name of every other code before the sentence.
        var status = new RpcStatus { Code = (int)StatusCode.Unknown, Message = Sentence(error) };
        var line = (error.InnerException as DockerfileException)?.Line ?? job.Source.FailedLine;
        if (line > 0 && job.Source.FileName is { } name) status.Details.Add(new Any { TypeUrl = SourceType, Value = Place(name, job.Source.Text, line) });
        return Of(status);
    }

    /// <summary>A failure that somebody else has put into words.</summary>
    public static RpcException Of(RpcStatus status) =>
        new(new Grpc.Core.Status((StatusCode)status.Code, status.Message), new Metadata { { DetailsTrailer, status.ToByteArray() } });

    public static string Sentence(Exception error) => error is BuildCommandException failed
        ? $"process \"{failed.Command}\" did not complete successfully: exit code: {failed.ExitCode}" : error.Message;

    private static ByteString Place(string file, string text, int line)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("info");
            json.WriteString("filename", file);
            json.WriteBase64String("data", System.Text.Encoding.UTF8.GetBytes(text));
            json.WriteString("language", "Dockerfile");
            json.WriteEndObject();
            json.WriteStartArray("ranges");
            json.WriteStartObject();
            WriteLine(json, "start", line);
            WriteLine(json, "end", line);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        bytes.Position = 0;
        return ByteString.FromStream(bytes);
    }

    private static void WriteLine(Utf8JsonWriter json, string name, int line)
    {
        json.WriteStartObject(name);
        json.WriteNumber("line", line);
        json.WriteEndObject();
    }
}
