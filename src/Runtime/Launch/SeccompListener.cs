using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Spec;

namespace Yun.Runtime;

/// <summary>Hands a container's seccomp listener to the agent that answers for it, with the state the specification asks for (config-linux.md, "containerProcessState").</summary>
internal sealed class SeccompListener(LaunchRequest request) : IDisposable
{
    private readonly TerminalSocket _socket = new();
    private bool _sent;

    public SafeFileHandle Child => _socket.Child;

    public SafeFileHandle Parent => _socket.Parent;

    /// <summary>Null when the spec's filter asks nobody.</summary>
    public static SeccompListener? For(LaunchRequest request) => Compile.SeccompFilter.Notifies(request.Spec.Linux?.Seccomp) ? new SeccompListener(request) : null;

    /// <summary>Passes the listener on, once, when the child has sent it.</summary>
    /// <param name="status">The container's status, as the agent is told.</param>
    public void Forward(int pid, string status)
    {
        if (_sent) return;
        _sent = true;
        using var listener = _socket.Receive();
        var seccomp = request.Spec.Linux!.Seccomp!;
        try
        {
            using var agent = UnixSocket.Connect(seccomp.ListenerPath!);
            agent.Send(Document(seccomp, pid, status), [(int)listener.DangerousGetHandle()]);
        }
        catch (SyscallException error) { throw new Compile.SpecException("linux.seccomp.listenerPath", $"failed to connect with seccomp agent: {error.Message}"); }
    }

    private byte[] Document(SpecSeccomp seccomp, int pid, string status)
    {
        var json = new JsonWriter();
        json.WriteStartObject();
        json.WriteString("ociVersion", StateDocument.OciVersion);
        json.WriteStartArray("fds");
        json.WriteStringValue("seccompFd");
        json.WriteEndArray();
        json.WriteNumber("pid", pid);
        if (seccomp.ListenerMetadata is { Length: > 0 } metadata) json.WriteString("metadata", metadata);
        json.WriteStartObject("state");
        StateDocument.WriteProperties(json, request.Id, status, request.JoinPid ?? pid, request.Bundle, request.Spec.Annotations);
        json.WriteEndObject();
        json.WriteEndObject();
        return json.Bytes;
    }

    public void Dispose() => _socket.Dispose();
}
