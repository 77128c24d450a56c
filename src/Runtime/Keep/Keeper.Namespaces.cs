using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Protocol;
using Yun.Runtime.Compile;

namespace Yun.Runtime.Keep;

internal sealed partial class Keeper
{
    private int _making;

    /// <summary>What a namespace belongs to is settled when it is made, and only a process of one thread can enter a user namespace to make another in it: so a child of ours does.</summary>
    private void MakeNamespaces(ControlConnection connection, long id, KeeperNamespaces request, List<SafeFileHandle> given)
    {
        _making++;
        _reaper.StartBegins();
        _context.Workers.Run(() =>
        {
            var reply = new KeeperReply { Id = id };
            List<SafeFileHandle> made = [];
            try
            {
                made = given.Count > 0 ? [IdMap.MakeNetworkIn(given[0])]
                    : IdMap.MakeNamespaces(MappingsOf(request.Users), MappingsOf(request.Groups), request.Network) is var (user, network) && network is not null ? [user, network] : [user];
                reply.HeldCount = made.Count;
            }
            catch (Exception error) when (error is SpecException or LaunchException or SyscallException)
            {
                reply.Error = new KeeperError { Kind = ErrorKind.Internal, Message = error.Message };
            }
            foreach (var descriptor in given) descriptor.Dispose();
            _loop.Post(() =>
            {
                _making--;
                _reaper.StartEnds();
                connection.Send(reply, made);
                foreach (var descriptor in made) descriptor.Dispose();
            });
        });
    }

    private static List<SpecIdMapping> MappingsOf(List<KeeperIds> ids) => ids.ConvertAll(range => new SpecIdMapping { ContainerId = range.Inside, HostId = range.Outside, Size = range.Count });
}
