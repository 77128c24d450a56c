using System.Net.Sockets;
using Yun.Linux.Netlink;

namespace Yun.Linux.Nftables;

/// <summary>Tells when another process changes the machine's nftables rules.</summary>
public sealed class NftablesMonitor : IDisposable
{
    private const int Group = 7, Subsystem = 10, NewGeneration = 15, NewElement = 12, DeleteElement = 14, GenerationProcessName = 3, TableName = 1;
    private const int HeaderBytes = 4;

    private readonly Socket _socket;
    private readonly Action<IReadOnlySet<string>> _changed;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<string> _tables = [];

    /// <param name="changed">Gets the names of the tables of one transaction; none when events were lost, and then anything may have changed.</param>
    public NftablesMonitor(Action<IReadOnlySet<string>> changed)
    {
        _changed = changed;
        var descriptor = Native.Check(NetlinkSocket.OpenRaw(NetlinkFamily.Netfilter), "socket", "netlink Netfilter");
        _socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        NetlinkSocket.Join(descriptor, Group);
        Listening = ListenAsync();
    }

    /// <summary>Ends when the monitor is disposed of.</summary>
    public Task Listening { get; }

    private async Task ListenAsync()
    {
        var buffer = new byte[32 * 1024];
        while (!_stopping.IsCancellationRequested)
        {
            try { Read(buffer.AsSpan(0, await _socket.ReceiveAsync(buffer, SocketFlags.None, _stopping.Token))); }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException) { return; }
            catch (SocketException)
            {
                // The kernel had more to say than the socket holds.
                _tables.Clear();
                _changed(_tables);
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    private void Read(ReadOnlySpan<byte> datagram)
    {
        var messages = new NetlinkMessages(datagram);
        while (messages.Next())
        {
            if (messages.Type >> 8 != Subsystem || messages.Body.Length < HeaderBytes) continue;
            var kind = messages.Type & 0xff;
            var attributes = new NetlinkAttributes(messages.Body[HeaderBytes..]);
            if (kind == NewGeneration)
            {
                // The end of a transaction, with the name of the thread that made it.
                if (_tables.Count > 0 && !IsOurs(attributes)) _changed(new HashSet<string>(_tables));
                _tables.Clear();
            }
            else if (kind is not (NewElement or DeleteElement))
            {
                while (attributes.Next())
                    if (attributes.Type == TableName) { _tables.Add(attributes.Text); break; }
            }
        }
    }

    private static bool IsOurs(NetlinkAttributes attributes)
    {
        while (attributes.Next())
            if (attributes.Type == GenerationProcessName) return attributes.Text == NftablesLibrary.TransactionName;
        return false;
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _socket.Dispose();
    }
}
