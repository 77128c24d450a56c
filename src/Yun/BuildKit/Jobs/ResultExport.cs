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
    public async Task<Dictionary<string, string>> ExportAsync(BuildJob job, Image image, IReadOnlyList<Exporter> exporters, CancellationToken cancel)
    {
        var response = new Dictionary<string, string> { ["containerimage.config.digest"] = image.Id.ToString(), ["containerimage.digest"] = image.Id.ToString() };
        for (var i = 0; i < exporters.Count; i++)
        {
            var (exporter, index) = (exporters[i], i);
            var names = Names(exporter);
            if (names.Count > 0) response["image.name"] = string.Join(',', names);
            await job.ShowAsync(output => exporter.Type switch
            {
                "image" or "moby" => StoreAsync(job, image, exporter, names, output, cancel),
                "docker" or "oci" => SendAsync(job, $"exporting to {exporter.Type} image format", output, async session =>
                {
                    if (exporter.Attrs.GetValueOrDefault("tar") == "false") throw new EngineException(ErrorKind.NotImplemented, "an image is exported as one file: leave out tar=false");
                    await using var archive = engine.Images.OpenSaved(image, names, cancel);
                    await ResultFiles.SendFileAsync(session, archive, index, cancel);
                }, cancel),
                "tar" => SendAsync(job, "exporting to client tarball", output, session => ResultFiles.SendTarAsync(session, engine.Images, image, index, cancel), cancel),
                "local" => SendAsync(job, "exporting to client directory", output, session => ResultFiles.SendFolderAsync(session, engine.Images, image, index, cancel), cancel),
                _ => throw new EngineException(ErrorKind.NotImplemented, $"this builder does not export as '{exporter.Type}': use image, registry, docker, oci, tar or local"),
            });
        }
        return response;
    }

    /// <summary>Makes the image a cache for builds elsewhere. Any image made here is one, by its history; so it only has to be where they find it.</summary>
    public Task ExportCacheAsync(BuildJob job, Image image, CacheOptionsEntry cache, CancellationToken cancel)
    {
        if (cache.Type == "inline") return Task.CompletedTask;
        if (cache.Type != "registry" || cache.Attrs.GetValueOrDefault("ref") is not { Length: > 0 } text)
            throw new EngineException(ErrorKind.NotImplemented, $"this builder does not export its cache as '{cache.Type}': use type=inline or type=registry,ref=IMAGE");
        var name = Parse(text);
        return job.ShowAsync(output =>
        {
            var step = new BuildStep($"exporting cache to {name.Familiar}");
            return output.StepAsync(step, async () =>
            {
                if (cache.Attrs.GetValueOrDefault("mode") == "max" && StagesOf(job, image) is { Count: > 1 } stages)
                {
                    var auth = await new SessionSecrets(await SessionAsync(job, cancel)).CredentialsAsync(name.Domain, cancel);
                    await engine.Images.PushTogetherAsync(name, stages, auth, output.ProgressOf(step), cancel);
                    return null;
                }
                var (before, names) = (engine.Images.TryFind(name.ToString()), engine.Images.TryFind(image.Id.ToString())?.Names ?? []);
                await engine.Images.TagAsync(image, name, cancel);
                try { await PushAsync(job, name, step, output, cancel); }
                finally
                {
                    // Only the push needs the name here.
                    if (engine.Images.TryFind(image.Id.ToString()) is { } now) await engine.Images.UntagAsync(now, now.Names.Except(names), CancellationToken.None);
                    if (before is not null) await engine.Images.TagAsync(before, name, CancellationToken.None);
                }
                return null;
            }, cancel);
        });
    }

    /// <summary>The result first, then the other stages that it was made with.</summary>
    private List<(Image, Dictionary<string, string>)> StagesOf(BuildJob job, Image result) =>
        [.. job.Stages.Prepend(result.Id).Distinct().Select(id => engine.Images.TryFind(id.ToString())).OfType<Image>().Select((image, number) => (image, new Dictionary<string, string> { [CacheImport.StageAnnotation] = $"{number}" }))];

    private async Task PushAsync(BuildJob job, ImageReference name, BuildStep step, BuildOutput output, CancellationToken cancel)
    {
        var auth = await new SessionSecrets(await SessionAsync(job, cancel)).CredentialsAsync(name.Domain, cancel);
        await engine.Images.PushAsync(name, auth, output.ProgressOf(step), cancel: cancel);
    }

    private Task StoreAsync(BuildJob job, Image image, Exporter exporter, List<ImageReference> names, BuildOutput output, CancellationToken cancel)
    {
        var step = new BuildStep("exporting to image");
        return output.StepAsync(step, async () =>
        {
            foreach (var name in names)
            {
                await engine.Images.TagAsync(image, name, cancel);
                await output.WrittenAsync(step, $"naming to {name}\n", isError: false, cancel);
            }
            if (exporter.Attrs.GetValueOrDefault("push") != "true") return image.Id;
            if (names.Count == 0) throw new EngineException(ErrorKind.InvalidArgument, "an image that is to be pushed needs a name: give it with -t");
            foreach (var name in names) await PushAsync(job, name, step, output, cancel);
            return image.Id;
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
