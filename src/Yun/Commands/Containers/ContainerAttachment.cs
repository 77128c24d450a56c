using Yun.Commands.Api;
using Yun.Commands.Streams;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary>What <c>run</c>, <c>start -a</c>, <c>attach</c> and <c>exec</c> share.</summary>
public static class ContainerAttachment
{
    public static AttachedStreams Open(Session session, string container, bool tty, bool input, bool output, bool error, string? detachKeys)
    {
        var query = new Query().Add("stream", true).Add("stdin", input).Add("stdout", output).Add("stderr", error)
            .Add("detachKeys", detachKeys ?? session.Configuration.DetachKeys);
        return new AttachedStreams(session, session.Api.Hijack($"/containers/{container}/attach{query}"), tty);
    }

    public static DetachKeys KeysOf(Session session, string? keys) => DetachKeys.Parse(keys ?? session.Configuration.DetachKeys ?? DetachKeys.Default);

    /// <summary>Gives a container's or an exec's terminal the size of ours, now and whenever it changes.</summary>
    public static IDisposable FollowSize(Session session, string path) => OwnSignals.OnResize((rows, columns) =>
    {
        try
        {
            session.Api.Do("POST", $"{path}/resize?h={rows}&w={columns}");
        }
        catch (Exception failure) when (failure is ApiException or ConnectException)
        {
            // It has ended; its terminal needs no size.
        }
    });

    /// <summary>Reads the answer of <c>wait</c>, which comes when the container has ended.</summary>
    public static int ExitCode(ApiResponse wait)
    {
        var result = wait.Read(DockerApiJson.Default.ContainerWaitResponse);
        return result.Error is { Message.Length: > 0 } failure ? throw new FailureException(failure.Message, 125) : (int)result.StatusCode;
    }
}
