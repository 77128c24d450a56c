using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;

namespace Yun.Commands;

/// <summary>
/// <c>yun system reaper</c>: what Testcontainers calls its resource reaper, for machines that cannot pull the one of its makers. A test run connects and names by
/// labels what it makes; when its connections have ended, and with them the run, what has these labels is removed.
///
///   client: label=org.testcontainers.session-id=ID&amp;label=…\n      reaper: ACK\n      (any number of lines, on any number of connections)
/// </summary>
public sealed class ReaperCommand : Command
{
    private readonly Setting<int> _port;
    private readonly Setting<TimeSpan> _connectionTimeout, _reconnectionTimeout;
    private readonly object _changed = new();
    private readonly HashSet<string> _filters = [];
    private int _connections;
    private bool _everConnected;

    public ReaperCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        // The variables that Testcontainers' own reaper is set up by.
        _port = Add(new Setting<int>("port", null, "int", "TCP port to listen on", Variable("RYUK_PORT", int.Parse, 8080), int.Parse) { DefaultText = "8080" });
        _connectionTimeout = Add(new Setting<TimeSpan>("connection-timeout", null, "duration", "End when nobody connects for this long", Variable("RYUK_CONNECTION_TIMEOUT", Duration, TimeSpan.FromMinutes(1)), Duration) { DefaultText = "1m" });
        _reconnectionTimeout = Add(new Setting<TimeSpan>("reconnection-timeout", null, "duration", "Remove when the last connection ended this long ago", Variable("RYUK_RECONNECTION_TIMEOUT", Duration, TimeSpan.FromSeconds(10)), Duration) { DefaultText = "10s" });
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var listener = new TcpListener(IPAddress.IPv6Any, _port.Value) { Server = { DualMode = true } };
        try { listener.Start(); }
        catch (SocketException error) { throw new FailureException($"port {_port.Value} cannot be listened on: {error.Message}"); }
        new Thread(() => Accept(session, listener)) { IsBackground = true, Name = "accept" }.Start();
        // Testcontainers for several languages wait for this line.
        session.Out.WriteLine($"Started! listening on port {_port.Value}");
        session.Out.Flush();
        WaitForTheLast();
        return Remove(session) ? 0 : 1;
    }

    private static TimeSpan Duration(string text) => TimeSpan.FromMilliseconds(GoDuration.ParseNanoseconds(text) / 1_000_000);

    private static T Variable<T>(string name, Func<string, T> parse, T otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? parse(text) : otherwise;

    private void Accept(Session session, TcpListener listener)
    {
        while (true)
        {
            var client = listener.AcceptTcpClient();
            lock (_changed)
            {
                (_connections, _everConnected) = (_connections + 1, true);
                Monitor.Pulse(_changed);
            }
            new Thread(() => Serve(session, client)) { IsBackground = true, Name = "client" }.Start();
        }
    }

    private void Serve(Session session, TcpClient client)
    {
        try
        {
            using (client)
            {
                using var reader = new StreamReader(client.GetStream());
                while (reader.ReadLine() is { } line)
                {
                    if (line.Length == 0) continue;
                    lock (_changed) _filters.Add(line);
                    client.GetStream().Write("ACK\n"u8);
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // Its end is all that matters.
        }
        lock (_changed)
        {
            _connections--;
            Monitor.Pulse(_changed);
        }
    }

    private void WaitForTheLast()
    {
        lock (_changed)
        {
            while (true)
            {
                while (_connections > 0) Monitor.Wait(_changed);
                // Who comes or goes begins the time anew.
                if (!Monitor.Wait(_changed, _everConnected ? _reconnectionTimeout.Value : _connectionTimeout.Value) && _connections == 0) return;
            }
        }
    }

    // In the order in which they let go of one another.
    private bool Remove(Session session)
    {
        var all = true;
        foreach (var line in _filters)
        {
            var filters = new Query().AddFilters(line.Split('&').Select(Uri.UnescapeDataString));
            all &= RemoveEach(session, $"/containers/json{filters}&all=1", list => list, "Id", id => $"/containers/{id}?force=1&v=1");
            all &= RemoveEach(session, $"/networks{filters}", list => list, "Id", id => $"/networks/{id}");
            all &= RemoveEach(session, $"/volumes{filters}", answer => answer.GetProperty("Volumes"), "Name", name => $"/volumes/{name}?force=1");
            all &= RemoveEach(session, $"/images/json{filters}", list => list, "Id", id => $"/images/{id}?force=1");
        }
        return all;
    }

    private static bool RemoveEach(Session session, string list, Func<JsonElement, JsonElement> items, string key, Func<string, string> path)
    {
        var all = true;
        using var response = session.Api.Send("GET", list);
        using var answer = JsonDocument.Parse(response.ReadAll());
        if (items(answer.RootElement) is not { ValueKind: JsonValueKind.Array } found) return true;
        foreach (var name in found.EnumerateArray().Select(item => item.GetProperty(key).GetString()!))
        {
            try
            {
                session.Api.Send("DELETE", path(name)).Dispose();
                session.Out.WriteLine($"Removed {path(name).Split('?')[0]}");
                session.Out.Flush();
            }
            catch (ApiException error)
            {
                session.Error.WriteLine(Failures.Describe(error));
                all = false;
            }
        }
        return all;
    }
}
