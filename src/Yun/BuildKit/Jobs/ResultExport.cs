using Yun.BuildKit.Protos;
using Yun.Images;
using Yun.Node;
using Yun.Node.Builds;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>Brings a built image to where the client wants it: the engine's store, a registry, or a file or folder on the client's side.</summary>
internal sealed class ResultExport(Engine engine, BuildSessions sessions)
{
    /// <returns>What clients read of the result: digests and names.</returns>
    public async Task<Dictionary<string, string>> ExportAsync(BuildJob job, BuildProduct built, IReadOnlyList<Exporter> exporters, CancellationToken cancel)
    {
        var response = new Dictionary<string, string> { ["containerimage.digest"] = (built.Index?.Digest ?? built.Image.Id).ToString() };
        if (built.Index is null) response["containerimage.config.digest"] = built.Image.Id.ToString();
        for (var i = 0; i < exporters.Count; i++)
        {
            var (exporter, index) = (exporters[i], i);
            var names = Names(exporter);
            if (names.Count > 0) response["image.name"] = string.Join(',', names);
            await job.ShowAsync(output => exporter.Type switch
            {
                "image" or "moby" => StoreAsync(job, built, exporter, names, output, cancel),
                "docker" when built.Index is not null => throw new EngineException(ErrorKind.NotImplemented, "Docker's archives hold one image under a name: use type=oci for several platforms"),
                "docker" or "oci" => SendAsync(job, $"exporting to {exporter.Type} image format", output, async session =>
                {
                    if (exporter.Attrs.GetValueOrDefault("tar") == "false") throw new EngineException(ErrorKind.NotImplemented, "an image is exported as one file: leave out tar=false");
                    await using var archive = built.OpenArchive(engine.Images, names, cancel);
                    await ResultFiles.SendFileAsync(session, archive, index, cancel);
                }, cancel),
                "tar" => SendAsync(job, "exporting to client tarball", output, session => ResultFiles.SendTarAsync(session, engine.Images, built, index, cancel), cancel),
                "local" => SendAsync(job, "exporting to client directory", output, session => ResultFiles.SendFolderAsync(session, engine.Images, built, index, cancel), cancel),
                _ => throw new EngineException(ErrorKind.NotImplemented, $"this builder does not export as '{exporter.Type}': use image, registry, docker, oci, tar or local"),
            });
        }
        // What the client is told to have is on the disk, also where it has all of it on its own side.
        await engine.Images.SettleAsync(cancel);
        return response;
    }

    /// <summary>Makes the result a cache for builds elsewhere.</summary>
    /// <returns>What the client is to name in its own index of a folder, in JSON; null for nothing.</returns>
    public async Task<string?> ExportCacheAsync(BuildJob job, BuildProduct built, CacheOptionsEntry cache, CancellationToken cancel)
    {
        var all = cache.Attrs.GetValueOrDefault("mode") == "max";
        Descriptor? named = null;
        switch (cache.Type)
        {
            case "inline": break;
            case "registry" when cache.Attrs.GetValueOrDefault("ref") is { Length: > 0 } text:
                var name = Parse(text);
                var auth = await new SessionSecrets(await SessionAsync(job, cancel)).CredentialsAsync(name.Domain, cancel);
                await job.ShowAsync(output => CacheExport.ToRegistryAsync(engine.Images, built, name, all, auth, output, cancel));
                break;
            case "local" when cache.Attrs.GetValueOrDefault("dest") is { Length: > 0 } folder:
                await job.ShowAsync(output => SendAsync(job, $"exporting cache to client directory", output, async session =>
                    named = await LocalCache.ExportAsync(engine.Images, all ? built.Stages : [.. built.Images.Select(one => one.Image)], new ClientContentStore(session, folder), cancel), cancel));
                break;
            default: throw new EngineException(ErrorKind.NotImplemented, $"this builder does not export its cache as '{cache.Type}': use type=inline, type=registry,ref=IMAGE or type=local,dest=FOLDER");
        }
        return named is null ? null : System.Text.Json.JsonSerializer.Serialize(named, ImageJson.Default.Descriptor);
    }

    private async Task PushAsync(BuildJob job, ImageReference name, BuildStep step, BuildOutput output, CancellationToken cancel)
    {
        var auth = await new SessionSecrets(await SessionAsync(job, cancel)).CredentialsAsync(name.Domain, cancel);
        await engine.Images.PushAsync(name, auth, output.ProgressOf(step), cancel: cancel);
    }

    private Task StoreAsync(BuildJob job, BuildProduct built, Exporter exporter, List<ImageReference> names, BuildOutput output, CancellationToken cancel)
    {
        var step = new BuildStep("exporting to image");
        return output.StepAsync(step, async () =>
        {
            if (names.Count == 0) await built.KeepAsync(engine.Images, cancel);
            foreach (var name in names)
            {
                await built.NameAsync(engine.Images, name, cancel);
                await output.WrittenAsync(step, $"naming to {name}\n", isError: false, cancel);
            }
            if (exporter.Attrs.GetValueOrDefault("push") != "true") return built.Image.Id;
            if (names.Count == 0) throw new EngineException(ErrorKind.InvalidArgument, "an image that is to be pushed needs a name: give it with -t");
            foreach (var name in names) await PushAsync(job, name, step, output, cancel);
            return built.Image.Id;
        }, cancel);
    }

    private Task SendAsync(BuildJob job, string what, BuildOutput output, Func<BuildSession, Task> send, CancellationToken cancel) => output.StepAsync(new BuildStep(what), async () =>
    {
        await send(await SessionAsync(job, cancel));
        return null;
    }, cancel);

    private async Task<BuildSession> SessionAsync(BuildJob job, CancellationToken cancel) => await sessions.GetAsync(await job.SessionAsync(cancel), cancel);

    private static List<ImageReference> Names(Exporter exporter) =>
        [.. exporter.Attrs.GetValueOrDefault("name", "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static ImageReference Parse(string name)
    {
        try { return ImageReference.Parse(name).WithDefaultTag(); }
        catch (FormatException error) { throw new EngineException(ErrorKind.InvalidArgument, error.Message, error); }
    }
}
