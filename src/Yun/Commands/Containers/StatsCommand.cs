using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary><c>yun stats</c>: one thread a container keeps its latest figures, the caller's draws them twice a second.</summary>
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
        var shown = new SortedDictionary<int, (string Name, ContainerStats? Stats)>();
        var next = 0;
        void Add(string name)
        {
            int place;
            lock (shown) shown[place = next++] = (name, null);
            new Thread(() => Watch(session, name, stats =>
            {
                lock (shown)
                {
                    if (stats is null) shown.Remove(place);
                    else shown[place] = (name, stats);
                }
            })) { IsBackground = true }.Start();
        }
        foreach (var name in names) Add(name);
        var watched = names.ToHashSet();
        for (var turn = 0; ; turn++)
        {
            Thread.Sleep(RedrawMilliseconds);
            if (followNew && turn % 4 == 3)
            {
                foreach (var name in Names(session).Where(watched.Add)) Add(name);
            }
            List<(string, ContainerStats?)> rows;
            lock (shown) rows = [.. shown.Values];
            if (rows.Count == 0 && !followNew) return 0;
            Print(session, rows);
        }
    }

    private static void Watch(Session session, string name, Action<ContainerStats?> changed)
    {
        try
        {
            using var response = session.Api.Send("GET", $"/containers/{name}/stats?stream=1");
            foreach (var stats in response.ReadEach(DockerApiJson.Default.ContainerStats)) changed(stats);
        }
        catch (ApiException error)
        {
            session.Error.WriteLine(Failures.Describe(error));
        }
        catch (ConnectException)
        {
            // The daemon went away, or the container with it.
        }
        changed(null);
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
