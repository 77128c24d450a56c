using System.Net.Sockets;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Linux;

namespace Yun.Commands.Images;

/// <summary>One <c>--ssh</c> of <c>yun build</c>: an agent on this side, or keys that one is made of for the time of the build. Steps speak with it, and the keys stay here.</summary>
/// <param name="Paths">The agent's socket, or files with keys.</param>
public sealed record BuildAgent(string Id, IReadOnlyList<string> Paths)
{
    private const string Variable = "SSH_AUTH_SOCK";
    private const long KeyBytesMax = 100 << 10;

    private List<SshKey>? _keys;

    /// <summary>Reads <c>default</c> or <c>ID[=SOCKET|KEY[,KEY...]]</c>; with neither, the socket of the user's own agent.</summary>
    /// <exception cref="FormatException">There is no agent.</exception>
    public static BuildAgent Parse(string text)
    {
        var (id, path) = text.Contains('=', StringComparison.Ordinal) ? (KeyValue.Parse(text).Key, KeyValue.Parse(text).Value) : (text, Environment.GetEnvironmentVariable(Variable));
        if (string.IsNullOrEmpty(path)) throw new FormatException($"invalid SSH agent '{text}': {Variable} is not set; start ssh-agent, or give its socket or a key as {id}=PATH");
        return new BuildAgent(id, path.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <exception cref="FailureException">Nobody answers at the socket, or a key cannot be used.</exception>
    public void Check()
    {
        if (Paths.Any(IsSocket))
        {
            if (Paths.Count > 1) throw new FailureException($"cannot use the SSH agent {Id}: give one socket, or keys");
            using var agent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try { agent.Connect(new UnixDomainSocketEndPoint(Paths[0])); }
            catch (SocketException error) { throw new FailureException($"cannot use the SSH agent {Id}: no agent answers at {Paths[0]} ({error.Message}); give the socket of an agent that has the key (ssh-add)"); }
            return;
        }
        _keys = [.. Paths.Select(Read)];
    }

    /// <summary>Holds a connection ready for the daemon, and another as soon as that one is used, until the build has ended.</summary>
    public void Offer(ApiClient api, string handout) =>
        new Thread(() => Serve(api, handout)) { IsBackground = true, Name = $"agent {Id}" }.Start();

    private static bool IsSocket(string path)
    {
        if (!File.Exists(path)) return false;
        using var file = PathDescriptor.Open(null, path, OpenFlags.Path);
        return FileAt.Status(file).Kind == FileKind.Socket;
    }

    private static SshKey Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > KeyBytesMax) throw new FormatException("it is too large");
            return SshKey.Parse(path, File.ReadAllText(path));
        }
        catch (FormatException wrong) { throw new FailureException($"cannot use the SSH key {path}: {wrong.Message}; add it to an agent (ssh-add), and give the agent instead"); }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException) { throw new FailureException($"cannot use the SSH key {path}: {unreadable.Message}"); }
    }

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
            if (_keys is { } keys)
            {
                var own = new KeyAgent(keys);
                for (; read > 0; read = stream.Read(buffer))
                    if (own.Answer(buffer.AsSpan(0, read)) is { Length: > 0 } answer) stream.Write(answer);
                return;
            }
            using var agent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            agent.Connect(new UnixDomainSocketEndPoint(Paths[0]));
            var answering = new Thread(() => Copy(bytes => agent.Receive(bytes), bytes => stream.Write(bytes), stream.CloseWrite)) { IsBackground = true, Name = $"agent {Id}, answers" };
            answering.Start();
            agent.Send(buffer.AsSpan(0, read));
            Copy(stream.Read, bytes => agent.Send(bytes), () => agent.Shutdown(SocketShutdown.Send));
            answering.Join();
        }
        // The build is over, or one of the two is gone or says what it must not; the step that wanted it says so.
        catch (Exception ended) when (ended is ConnectException or ApiException or SocketException or ObjectDisposedException or FormatException) { }
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
