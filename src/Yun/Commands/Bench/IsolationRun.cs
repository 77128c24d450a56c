using System.Diagnostics;
using Yun.Commands.Containers;
using Yun.DockerApi.Model;

namespace Yun.Commands.Bench;

/// <param name="StartMilliseconds">From asking for the start to the first answer: the median of the rounds.</param>
/// <param name="MemoryBytes">What the engine counts for it, without cache that could be dropped; a virtual machine's with all that runs it.</param>
/// <param name="DiskBytes">What it has on the disk besides its image.</param>
public sealed record IsolationFigures(double StartMilliseconds, double MemoryBytes, double DiskBytes, double AnswersPerSecond);

/// <summary>Runs an HTTP server of an image at one level and measures it. Nothing of it is left, also when it fails.</summary>
internal sealed class IsolationRun(Session session, string image, IReadOnlyList<string> command, int port, string path)
{
    private const int Clients = 4;
    private static readonly TimeSpan s_answerMax = TimeSpan.FromSeconds(60);

    /// <exception cref="FailureException">The server did not answer.</exception>
    public IsolationFigures Measure(IsolationLevel level, int rounds, TimeSpan load)
    {
        var starts = new List<double>();
        for (var round = 1; ; round++)
        {
            var id = new ContainerCreation(session, null, null, "missing", quiet: true).Create(new ContainerCreateRequest
            {
                Image = image, Cmd = command.Count > 0 ? [.. command] : null, HostConfig = level.Host,
            });
            try
            {
                var watch = Stopwatch.StartNew();
                session.Api.Do("POST", $"/containers/{id}/start");
                using var server = new HttpLoad(new UriBuilder("http", AddressOf(id, level), port, path).Uri);
                var answered = server.AwaitAnswerAsync(s_answerMax, () => !Inspect(id).State.Running).GetAwaiter().GetResult();
                if (!answered) throw new FailureException($"{image} as a {level.Name} did not answer HTTP on port {port}{(Inspect(id).State is { Running: false } ended ? $": it ended with {ended.ExitCode}" : "")}");
                starts.Add(watch.Elapsed.TotalMilliseconds);
                if (round < rounds) continue;
                var answers = server.AnswersPerSecondAsync(Clients, load).GetAwaiter().GetResult();
                var stats = session.Api.Get($"/containers/{id}/stats?stream=0&one-shot=1", DockerApiJson.Default.ContainerStats);
                return new IsolationFigures(Median(starts), StatsRow.Used(stats.Memory), Inspect(id, "?size=1").SizeRw ?? 0, answers);
            }
            finally { session.Api.Do("DELETE", $"/containers/{id}?force=1&v=1"); }
        }
    }

    private string AddressOf(string id, IsolationLevel level) => level.UsesHostNetwork ? "127.0.0.1"
        : Inspect(id).NetworkSettings.Networks.Values.Select(network => network.IpAddress).FirstOrDefault(address => address is { Length: > 0 })
            ?? throw new FailureException($"{image} as a {level.Name} has no address: does the daemon run with --bridge none?");

    private ContainerInspect Inspect(string id, string query = "") => session.Api.Get($"/containers/{id}/json{query}", DockerApiJson.Default.ContainerInspect);

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
