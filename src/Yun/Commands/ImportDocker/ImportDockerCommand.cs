using System.Net;
using System.Text.Json;
using Yun.Archives;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;
using Yun.Linux;

namespace Yun.Commands.ImportDocker;

/// <summary><c>yun import-docker</c>: what is there already is left alone, so that one that was broken off is simply run again.</summary>
public sealed class ImportDockerCommand : Command
{
    private readonly Flag _images, _volumes, _containers;

    public ImportDockerCommand() : base("[OPTIONS] DATA-ROOT")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _images = AddFlag("images", null, "Only images (with the others: those too)");
        _volumes = AddFlag("volumes", null, "Only volumes");
        _containers = AddFlag("containers", null, "Only the definitions of containers");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var root = DockerRoot.Open(arguments[0]);
        var all = !_images && !_volumes && !_containers;
        var failed = 0;
        if (all || _images) failed += Each(session, "image", root.ImageIds(), id => id[..12], id => TakeImage(session, root, id, root.Tags()["sha256:" + id].ToList()));
        if (all || _volumes) failed += Each(session, "volume", root.Volumes(), name => name, name => TakeVolume(session, root, name));
        if (all || _containers) failed += Each(session, "container", root.Containers().Select(files => ContainerDefinition.Of(files.Container.RootElement, files.Host.RootElement)).Where(container => !container.IsPassing), container => container.ContainerName, container => TakeContainer(session, container));
        return failed > 0 ? 1 : 0;
    }

    // One that cannot be taken keeps no other from being.
    private static int Each<T>(Session session, string what, IEnumerable<T> things, Func<T, string> nameOf, Func<T, string> take)
    {
        var failed = 0;
        foreach (var thing in things)
        {
            try { session.Out.WriteLine($"{what} {nameOf(thing)}: {take(thing)}"); }
            catch (Exception error) when (error is ApiException or FailureException or SyscallException or IOException or JsonException)
            {
                session.Error.WriteLine($"{what} {nameOf(thing)}: {error.Message}");
                failed++;
            }
        }
        return failed;
    }

    private static string TakeImage(Session session, DockerRoot root, string id, List<string> tags)
    {
        if (IsThere(session, $"/images/sha256:{id}/json")) return "is here already";
        using var response = session.Api.Send("POST", "/images/load?quiet=1", upload: output => ImageArchive.Write(root, id, tags, output), contentType: "application/x-tar");
        var said = System.Text.Encoding.UTF8.GetString(response.ReadAll());
        if (!IsThere(session, $"/images/sha256:{id}/json")) throw new FailureException(said.Trim());
        return tags.Count > 0 ? string.Join(", ", tags) : "has no name";
    }

    private static string TakeVolume(Session session, DockerRoot root, string name)
    {
        if (IsThere(session, $"/volumes/{name}")) return "is here already";
        if (root.VolumeOptions(name) is { } options)
        {
            session.Api.Post("/volumes/create", new VolumeCreateRequest { Name = name, DriverOpts = options }, DockerApiJson.Default.VolumeCreateRequest).Dispose();
            return "made with the same options; what it mounts stays where it is";
        }
        using var content = PathDescriptor.Open(null, root.VolumeContent(name), OpenFlags.ReadOnly | OpenFlags.Directory);
        using var response = session.Api.Send("PUT", $"/yun/v1/volumes/{name}/archive", upload: output =>
        {
            using var tar = ArchiveWriter.Open(content, "", new ArchiveOptions());
            tar.CopyTo(output);
        }, contentType: "application/x-tar");
        return "copied";
    }

    private static string TakeContainer(Session session, ContainerDefinition container)
    {
        if (IsThere(session, $"/containers/{container.ContainerName}/json")) return "is here already";
        if (!IsThere(session, $"/images/{container.ImageId}/json")) throw new FailureException($"its image {container.ImageId} is not here");
        var missing = container.Networks.Where(network => !IsThere(session, $"/networks/{network}")).ToList();
        using var response = session.Api.Send("POST", $"/containers/create?name={container.ContainerName}", container.Request);
        return "made, and stopped; what it wrote into its own file system is not taken over" + (missing.Count > 0 ? $". Make its networks before it starts: {string.Join(", ", missing)}" : "");
    }

    private static bool IsThere(Session session, string path)
    {
        try { return session.Api.Do("GET", path) == HttpStatusCode.OK; }
        catch (ApiException error) when (error.Status == HttpStatusCode.NotFound) { return false; }
    }
}
