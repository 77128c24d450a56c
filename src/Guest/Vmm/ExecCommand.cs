using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary><c>yun-guest exec</c>: runs in the sandbox of a machine and stands for a process inside it. The process's OCI specification is in its environment.</summary>
internal static class ExecCommand
{
    /// <summary>What another user of the host cannot read, other than arguments.</summary>
    public const string Variable = "YUN_EXEC";

    private const int MachineGone = 137;

    public static int Run()
    {
        var spec = Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException($"{Variable} is not set");
        using var socket = UnixSocket.Connect(ExecClients.SocketPath);
        var wire = new FrameStream(socket.Handle);
        wire.Send(FrameKind.Exec, 0, Encoding.UTF8.GetBytes(spec));
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
