using Yun.Commands.Api;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary>The latest figures of containers, each kept up by a thread of its own as the daemon sends them.</summary>
/// <param name="failed">Told when the daemon refuses a container.</param>
public sealed class StatsFeed(Session session, Action<ApiException> failed)
{
    private readonly SortedDictionary<int, (string Name, ContainerStats? Stats)> _latest = [];
    private readonly HashSet<string> _watched = [];

    /// <summary>In the order they were first watched; without figures until the first have come. A container that was removed is left out.</summary>
    public IReadOnlyList<(string Name, ContainerStats? Stats)> Latest
    {
        get
        {
            lock (_latest) return [.. _latest.Values];
        }
    }

    /// <summary>Watches those of the containers that are not watched yet.</summary>
    public void Watch(IEnumerable<string> names)
    {
        foreach (var name in names.Where(_watched.Add))
        {
            var place = _watched.Count;
            lock (_latest) _latest[place] = (name, null);
            new Thread(() => Follow(place, name)) { IsBackground = true }.Start();
        }
    }

    private void Follow(int place, string name)
    {
        try
        {
            using var response = session.Api.Send("GET", $"/containers/{name}/stats?stream=1");
            foreach (var stats in response.ReadEach(DockerApiJson.Default.ContainerStats))
            {
                lock (_latest) _latest[place] = (name, stats);
            }
        }
        catch (ApiException error)
        {
            failed(error);
        }
        catch (ConnectException)
        {
            // The daemon went away, or the container with it.
        }
        lock (_latest) _latest.Remove(place);
    }
}
