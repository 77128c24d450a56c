using System.Globalization;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;

namespace Yun.Commands.Bench;

/// <summary><c>yun bench isolation</c>: what the three levels cost, on this machine, with an image of one's own.</summary>
public sealed class IsolationCommand : Command
{
    private readonly Setting<long?> _port, _rounds, _seconds;
    private readonly Setting<string> _path;

    public IsolationCommand() : base("[OPTIONS] IMAGE [COMMAND] [ARG...]")
    {
        ArgumentsMin = 1;
        StopsAtFirstArgument = true;
        Details = "Runs an HTTP server as a plain process, as a container and as a virtual machine, one after the other, and shows side by side how long each takes to answer, what it needs and what it serves.";
        Examples =
        [
            ("bench isolation --port 8000 yourname/bottlesamp", "An image whose program serves HTTP on port 8000"),
            ("bench isolation --port 8080 busybox httpd -f -p 8080", "A command of an image"),
        ];
        _port = AddNumber("port", 'p', "TCP port that the program serves HTTP on", "8000");
        _path = AddText("path", null, "What is asked for", "/", "string");
        _rounds = AddNumber("rounds", null, "How often each is started", "3");
        _seconds = AddNumber("seconds", null, "How long requests are counted", "3");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (session.Api.Address.SocketPath is null) throw new FailureException("yun bench isolation asks the servers itself, so it runs on the daemon's machine, with its socket");
        var run = new IsolationRun(session, arguments[0], [.. arguments.Skip(1)], Checked(_port, 8000, 65535, "port"), _path.Value);
        var (rounds, load) = (Checked(_rounds, 3, 100, "rounds"), TimeSpan.FromSeconds(Checked(_seconds, 3, 600, "seconds")));

        var columns = new List<(IsolationLevel Level, IsolationFigures? Figures)>();
        var remarks = new List<string>();
        foreach (var level in IsolationLevel.All)
        {
            try
            {
                session.Error.WriteLine($"Running {arguments[0]} as a {level.Name}…");
                columns.Add((level, run.Measure(level, rounds, load)));
            }
            // The engine may be without virtual machines; the others are worth seeing all the same.
            catch (ApiException refused) when (level != IsolationLevel.All[0])
            {
                columns.Add((level, null));
                remarks.Add($"no {level.Name}: {refused.Message}");
            }
        }
        session.Out.Write(Table.Align(string.Join('\n', Lines(columns))));
        session.Out.WriteLine();
        foreach (var (level, _) in columns) session.Out.WriteLine($"{level.Name}: {level.Shares}");
        foreach (var remark in remarks) session.Out.WriteLine(remark);
        return 0;
    }

    private static IEnumerable<string> Lines(List<(IsolationLevel Level, IsolationFigures? Figures)> columns)
    {
        yield return Line("", column => column.Level.Name.ToUpperInvariant());
        yield return Line("first answer after", column => Shown(column.Figures, figures => Time(figures.StartMilliseconds)));
        yield return Line("memory", column => Shown(column.Figures, figures => HumanSize.Binary(figures.MemoryBytes)));
        yield return Line("disk besides the image", column => Shown(column.Figures, figures => HumanSize.Binary(figures.DiskBytes)));
        yield return Line("requests per second", column => Shown(column.Figures, figures => figures.AnswersPerSecond.ToString("N0", CultureInfo.InvariantCulture)));

        string Line(string title, Func<(IsolationLevel Level, IsolationFigures? Figures), string> cell) => string.Join('\t', columns.Select(cell).Prepend(title));
    }

    private static string Shown(IsolationFigures? figures, Func<IsolationFigures, string> show) => figures is null ? "-" : show(figures);

    private static string Time(double milliseconds) => milliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.0} s");

    private static int Checked(Setting<long?> setting, int value, int max, string name) => setting.Value switch
    {
        null => value,
        >= 1 and var given when given <= max => (int)given,
        var given => throw new FailureException($"--{name} is {given}: it must be from 1 to {max}"),
    };
}
