using System.Net.Sockets;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;

namespace Yun.Commands.Images;

/// <summary>One <c>--ssh</c> of <c>yun build</c>: an agent on this side, which steps of the build speak with. Its keys stay here.</summary>
public sealed record BuildAgent(string Id, string SocketPath)
{
    private const string Variable = "SSH_AUTH_SOCK";

    /// <summary>Reads <c>default</c> or <c>ID[=SOCKET]</c>; without a socket, the one of the user's own agent.</summary>
    /// <exception cref="FormatException">There is no agent.</exception>
    public static BuildAgent Parse(string text)
    {
        var (id, path) = text.Contains('=', StringComparison.Ordinal) ? (KeyValue.Parse(text).Key, KeyValue.Parse(text).Value) : (text, Environment.GetEnvironmentVariable(Variable));
        if (string.IsNullOrEmpty(path)) throw new FormatException($"invalid SSH agent '{text}': {Variable} is not set; start ssh-agent, or give its socket as {id}=SOCKET");
        return new BuildAgent(id, path);
    }

    /// <exception cref="FailureException">Nobody answers there.</exception>
    public void Check()
    {
        using var agent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try { agent.Connect(new UnixDomainSocketEndPoint(SocketPath)); }
        catch (SocketException error) { throw new FailureException($"cannot use the SSH agent {Id}: no agent answers at {SocketPath} ({error.Message}); give the socket of an agent that has the key (ssh-add)"); }
    }

    /// <summary>Holds a connection ready for the daemon, and another as soon as that one is used, until the build has ended.</summary>
    public void Offer(ApiClient api, string handout) =>
        new Thread(() => Serve(api, handout)) { IsBackground = true, Name = $"agent {Id}" }.Start();

    private void Serve(ApiClient api, string handout)
    {
        try
        {
            using var stream = api.Hijack($"/yun/v1/build/handouts/{handout}/agents/{Uri.EscapeDataString(Id)}");
            var buffer = new byte[16 * 1024];
            // Whoever speaks with an agent begins.
            var read = stream.Read(buffer);
            if (read == 0) return;
            Offer(api, handout);
            using var agent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            agent.Connect(new UnixDomainSocketEndPoint(SocketPath));
            var answering = new Thread(() => Copy(bytes => agent.Receive(bytes), bytes => stream.Write(bytes), stream.CloseWrite)) { IsBackground = true, Name = $"agent {Id}, answers" };
            answering.Start();
            agent.Send(buffer.AsSpan(0, read));
            Copy(stream.Read, bytes => agent.Send(bytes), () => agent.Shutdown(SocketShutdown.Send));
            answering.Join();
        }
        // The build is over, or one of the two is gone; the step that wanted it says so.
        catch (Exception ended) when (ended is ConnectException or ApiException or SocketException or ObjectDisposedException) { }
    }

    private delegate int Reading(Span<byte> buffer);

    private static void Copy(Reading read, Action<byte[]> write, Action end)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            for (int count; (count = read(buffer)) > 0;) write(buffer[..count]);
            end();
        }
        catch (Exception ended) when (ended is ConnectException or SocketException or ObjectDisposedException) { }
    }
}
