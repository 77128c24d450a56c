using System.Net.Sockets;
using Yun.Linux;
using Yun.Node.Machines.Qmp;
using Yun.Protocol;

namespace Yun.Node.Machines;

public sealed partial class Machine
{
    private const string ScreenName = "screen";

    /// <summary>One more viewer of its screen, in the protocol of VNC (RFB). Disposing of what is returned sends it away.</summary>
    public async Task<Stream> OpenScreenAsync(CancellationToken cancel = default)
    {
        using (await TakeTurnAsync(cancel))
        {
            RequireLive("its screen");
            if (!Config.Screen) throw new EngineException(ErrorKind.Conflict, $"Machine {Name} has no screen: make it with --screen.");
            var session = await SessionAsync(cancel);
            var (ours, theirs) = UnixSocket.Pair();
            try
            {
                await session.PassAsync(ScreenName, theirs, cancel);
                // Who may use the daemon may do anything with its machines: there is no password to ask for besides.
                await session.ExecuteAsync("add_client", new QmpClient("vnc", ScreenName, Skipauth: true), QmpJson.Default.QmpClient, cancel);
                var screen = new Socket(new SafeSocketHandle(ours.DangerousGetHandle(), ownsHandle: true));
                ours.SetHandleAsInvalid();
                return new NetworkStream(screen, ownsSocket: true);
            }
            catch
            {
                ours.Dispose();
                throw;
            }
            finally { theirs.Dispose(); }
        }
    }
}
