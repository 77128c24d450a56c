using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun stats</c>: the latest figures of containers, drawn twice a second.</summary>
public sealed class StatsCommand : Command
{
    private const int RedrawMilliseconds = 500;
    private const string Home = "\e[H", EraseLine = "\e[K", EraseBelow = "\e[J";
    private readonly Flag _all;
    private readonly Setting<string?> _format;
    private readonly Flag _noStream;
    private readonly Flag _noTruncate;

    public StatsCommand() : base("[OPTIONS] [CONTAINER...]")
    {
        _all = AddFlag("all", 'a', "Show all containers (default shows just running)");
        _format = AddFormat(table: true);
        _noStream = AddFlag("no-stream", null, "Disable streaming stats and only pull the first result");
        _noTruncate = AddFlag("no-trunc", null, "Do not truncate output");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var names = arguments.Count > 0 ? arguments : Names(session);
        if (_noStream)
        {
            var failed = false;
            var rows = AllAtOnce(session, names, (name, error) =>
            {
                session.Error.WriteLine(Failures.Describe(error));
                failed = true;
            });
            Print(session, rows);
            return failed ? 1 : 0;
        }
        return Follow(session, names, followNew: arguments.Count == 0);
    }

    private List<string> Names(Session session) =>
        session.Api.Get("/containers/json" + new Query().Add("all", _all), DockerApiJson.Default.ListContainerSummary).ConvertAll(c => c.Id);

    // One sample of each takes the daemon a second, so they are asked side by side.
    private static List<(string Name, ContainerStats? Stats)> AllAtOnce(Session session, IReadOnlyList<string> names, Action<string, ApiException> failed)
    {
        var results = new (string Name, ContainerStats? Stats)?[names.Count];
        var threads = names.Select((name, i) => new Thread(() =>
        {
            try
            {
                results[i] = (name, session.Api.Get($"/containers/{name}/stats?stream=false", DockerApiJson.Default.ContainerStats));
            }
            catch (ApiException error)
            {
                lock (results) failed(name, error);
            }
            catch (ConnectException)
            {
                results[i] = (name, null);
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return [.. results.OfType<(string, ContainerStats?)>()];
    }

    private int Follow(Session session, IReadOnlyList<string> names, bool followNew)
    {
        var feed = new StatsFeed(session, error => session.Error.WriteLine(Failures.Describe(error)));
        feed.Watch(names);
        for (var turn = 0; ; turn++)
        {
            Thread.Sleep(RedrawMilliseconds);
            if (followNew && turn % 4 == 3) feed.Watch(Names(session));
            var rows = feed.Latest;
            if (rows.Count == 0 && !followNew) return 0;
            Print(session, rows);
        }
    }

    private void Print(Session session, IEnumerable<(string Name, ContainerStats? Stats)> rows)
    {
        var text = StatsRow.Listing.Text(_format.Value, rows.Select(r => StatsRow.Of(r.Name, r.Stats, truncate: !_noTruncate)));
        // Drawn over the last picture without clearing it first, which would flicker.
        if (!_noStream && session.OutputIsTerminal) text = Home + text.Replace("\n", EraseLine + "\n", StringComparison.Ordinal) + EraseBelow;
        session.Out.Write(text);
        session.Out.Flush();
    }
}
