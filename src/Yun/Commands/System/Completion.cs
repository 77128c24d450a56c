using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands;

/// <summary>What could come next on the command line, one a line.</summary>
public static class Completion
{
    /// <param name="words">All words so far; the last, perhaps empty, is the one being typed.</param>
    public static IEnumerable<string> Candidates(Session session, IReadOnlyList<string> words)
    {
        var typed = words.Count > 0 ? words[^1] : "";
        var before = words.Take(words.Count - 1).ToList();
        return All(session, before, typed).Where(c => c.StartsWith(typed, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> All(Session session, List<string> before, string typed)
    {
        if (CommandTree.Next(before) is { Count: > 0 } next) return next;
        if (CommandTree.Find(before) is not { } found) return [];
        if (typed.StartsWith('-')) return found.Entry.Make().Options.Where(o => !o.Hidden).Select(o => "--" + o.Name).Append("--help");
        return Names(session, found.Entry.Paths[0]);
    }

    private static IEnumerable<string> Names(Session session, string path)
    {
        try
        {
            return path switch
            {
                "container start" or "container rm" or "container inspect" or "container logs" or "container commit" or "container diff" or "container export" or "container rename"
                    or "container restart" or "container wait" or "container update" => Containers(session, all: true),
                "container create" or "container run" or "image rm" or "image push" or "image tag" or "image save" or "image history" or "image inspect" => Images(session),
                "inspect" => Containers(session, all: true).Concat(Images(session)),
                "machine disk rm" => session.Api.Get("/yun/v1/disks/json", DockerApiJson.Default.ListDiskInfo).Select(disk => disk.Name),
                "machine create" or "machine import" or "machine pull" or "machine kernel install" => [],
                _ when path.StartsWith("machine ", StringComparison.Ordinal) => session.Api.Get("/yun/v1/machines/json?all=1", DockerApiJson.Default.ListMachineSummary).Select(machine => machine.Name),
                _ when path.StartsWith("container ", StringComparison.Ordinal) => Containers(session, all: false),
                "network rm" or "network inspect" or "network connect" or "network disconnect" =>
                    session.Api.Get("/networks", DockerApiJson.Default.ListNetworkInspect).Select(n => n.Name),
                "volume rm" or "volume inspect" => session.Api.Get("/volumes", DockerApiJson.Default.VolumeListResponse).Volumes.Select(v => v.Name),
                _ => [],
            };
        }
        catch (Exception error) when (error is ApiException or ConnectException)
        {
            // A shell in the middle of a line is no place for an error.
            return [];
        }
    }

    private static IEnumerable<string> Containers(Session session, bool all) =>
        session.Api.Get("/containers/json" + new Query().Add("all", all), DockerApiJson.Default.ListContainerSummary).SelectMany(c => c.Names).Select(n => n.TrimStart('/'));

    private static IEnumerable<string> Images(Session session) =>
        session.Api.Get("/images/json", DockerApiJson.Default.ListImageSummary).SelectMany(i => i.RepoTags ?? []);
}
