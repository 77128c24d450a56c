using System.Net;
using System.Text.Json;
using Yun.Commands.Api;
using Yun.DockerApi.Model;

namespace Yun.Commands.Containers;

/// <summary>What is at a path in a container.</summary>
public static class ContainerPath
{
    // Go's os.FileMode, in which the daemon tells the kind of a file.
    private const uint DirectoryBit = 1u << 31, SymbolicLinkBit = 1u << 27;

    /// <summary>Null when nothing is there.</summary>
    public static ContainerPathStat? Stat(Session session, string container, string path)
    {
        try
        {
            using var response = session.Api.Send("HEAD", $"/containers/{container}/archive{new Query().Add("path", path)}");
            return Parse(response);
        }
        catch (ApiException error) when (error.Status == HttpStatusCode.NotFound)
        {
            // A HEAD has no body to say whether it is the path or the container that does not exist.
            session.Api.Get($"/containers/{container}/json", DockerApiJson.Default.ContainerInspect);
            return null;
        }
    }

    public static ContainerPathStat Parse(ApiResponse response)
    {
        var text = response.Headers.GetValueOrDefault("X-Docker-Container-Path-Stat") ?? throw new FailureException("the daemon did not say what is at the path");
        return JsonSerializer.Deserialize(Convert.FromBase64String(text), DockerApiJson.Default.ContainerPathStat)!;
    }

    public static bool IsDirectory(this ContainerPathStat stat) => (stat.Mode & DirectoryBit) != 0;

    public static bool IsSymbolicLink(this ContainerPathStat stat) => (stat.Mode & SymbolicLinkBit) != 0;

    /// <summary>The link's target as a path from the container's root.</summary>
    public static string TargetOf(this ContainerPathStat stat, string path)
    {
        if (stat.LinkTarget.StartsWith('/')) return stat.LinkTarget;
        var slash = path.TrimEnd('/').LastIndexOf('/');
        return (slash < 0 ? "" : path[..(slash + 1)]) + stat.LinkTarget;
    }
}
