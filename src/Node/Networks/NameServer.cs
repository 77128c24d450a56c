using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Yun.Linux.Netlink;
using Yun.Linux.Nftables;

namespace Yun.Node.Networks;

/// <summary>
/// The DNS of one container, at 127.0.0.11 in its own network namespace: whose socket it is tells who asks. The sockets take any free port and a rule in the
/// namespace leads port 53 to them, so that a container may itself serve DNS on all its addresses.
/// </summary>
internal sealed class NameServer : IDisposable
{
    private const int DatagramBytesMax = 4096, QueriesAtOnceMax = 128;

    private readonly DnsResponder _answers;
    private readonly Socket _datagrams, _streams;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _places = new(QueriesAtOnceMax);

    private NameServer(SafeFileHandle space, NetworkController.ContainerNames names)
    {
        _answers = new DnsResponder(names);
        _datagrams = NetworkNamespace.OpenSocket(space, SocketType.Dgram);
        _streams = NetworkNamespace.OpenSocket(space, SocketType.Stream);
    }

    internal Task Serving { get; private set; } = Task.CompletedTask;

    internal static NameServer Start(SafeFileHandle space, NetworkController.ContainerNames names)
    {
        var server = new NameServer(space, names);
        try
        {
            var address = IPAddress.Parse(ContainerFiles.EmbeddedDns);
            server._datagrams.Bind(new IPEndPoint(address, 0));
            server._streams.Bind(new IPEndPoint(address, 0));
            server._streams.Listen(16);
            NftablesLibrary.Run(space, Rules(Port(server._datagrams), Port(server._streams)));
            server.Serving = Task.WhenAll(server.ServeDatagramsAsync(), server.ServeStreamsAsync());
            return server;
        }
        catch (Exception)
        {
            server.Dispose();
            throw;
        }
    }

    private static int Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private static string Rules(int datagramPort, int streamPort) =>
        $$"""
        add table ip yun-dns
        delete table ip yun-dns
        table ip yun-dns {
            chain output {
                type nat hook output priority -100; policy accept;
                ip daddr {{ContainerFiles.EmbeddedDns}} udp dport 53 dnat to {{ContainerFiles.EmbeddedDns}}:{{datagramPort}}
                ip daddr {{ContainerFiles.EmbeddedDns}} tcp dport 53 dnat to {{ContainerFiles.EmbeddedDns}}:{{streamPort}}
            }
        }

        """;

    private async Task ServeDatagramsAsync()
    {
        var buffer = new byte[DatagramBytesMax];
        var any = new IPEndPoint(IPAddress.Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var received = await _datagrams.ReceiveFromAsync(buffer, SocketFlags.None, any, _stopping.Token);
                var query = buffer.AsSpan(0, received.ReceivedBytes).ToArray();
                if (DnsQuestion.Parse(query) is not { } question) continue;
                if (_answers.AnswerHere(query, question) is { } answer) await _datagrams.SendToAsync(answer, SocketFlags.None, received.RemoteEndPoint, _stopping.Token);
                // A container that asks faster than the world answers loses questions, and asks again; its neighbours' names it gets all the same.
                else if (_places.Wait(0, CancellationToken.None)) Forward(query, question, received.RemoteEndPoint);
            }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException) { return; }
            catch (SocketException) { await Task.Delay(10, CancellationToken.None); }
        }
    }

    // Ends with the answer, a few seconds later at most; the places bound how many there are.
    private async void Forward(byte[] query, DnsQuestion question, EndPoint asker)
    {
        try { await _datagrams.SendToAsync(await _answers.AnswerOfOthersAsync(query, question, ProtocolType.Udp, _stopping.Token), SocketFlags.None, asker, _stopping.Token); }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException) { }
        finally { _places.Release(); }
    }

    private async Task ServeStreamsAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try { Answer(await _streams.AcceptAsync(_stopping.Token)); }
            catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException) { return; }
            catch (SocketException) { await Task.Delay(10, CancellationToken.None); }
        }
    }

    private async void Answer(Socket client)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        try
        {
            using var stream = new NetworkStream(client, ownsSocket: true);
            while (await DnsForwarder.ReadAsync(stream, deadline.Token) is { } query && DnsQuestion.Parse(query) is { } question)
                await DnsForwarder.WriteAsync(stream, _answers.AnswerHere(query, question) ?? await _answers.AnswerOfOthersAsync(query, question, ProtocolType.Tcp, _stopping.Token), deadline.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or SocketException or IOException) { }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _datagrams.Dispose();
        _streams.Dispose();
    }
}
