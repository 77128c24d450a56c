using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>
/// <c>yun-guest exec</c> and <c>yun-guest files</c>: run in the sandbox of a machine and stand for a process inside it. What process is in the environment, which another
/// user of the host cannot read, other than arguments: an OCI specification, or what <see cref="Init.GuestFiles"/> takes.
/// </summary>
internal static class ExecCommand
{
    /// <summary>By which a process is told what <see cref="Init.GuestFiles"/> is asked.</summary>
    public const string FilesVariable = "YUN_FILES";

    private const int MachineGone = 137;

    public static int Run(FrameKind kind, string variable)
    {
        var asked = Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set");
        using var socket = UnixSocket.Connect(ExecClients.SocketPath);
        var wire = new FrameStream(socket.Handle);
        wire.Send(kind, 0, Encoding.UTF8.GetBytes(asked));
        switch (wire.Receive())
        {
            case { Kind: FrameKind.Started }: break;
            case { Kind: FrameKind.Failed, Content: [var code, .. var message] }:
                Console.Error.WriteLine(Encoding.UTF8.GetString(message));
                return code;
            default: return MachineGone;
        }
        using var relay = new ProcessRelay(wire, 0);
        Threads.Start(() =>
        {
            while (wire.Receive() is { } frame) relay.Handle(frame);
            relay.End(MachineGone);
        });
        return relay.Wait();
    }
}
