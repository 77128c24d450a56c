using Yun.DockerApi.Model;
using Yun.Images;
using Yun.Node;
using Yun.Node.Builds;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>Images on their way in and out: pull, import, push, load and save.</summary>
internal static class ImageTransfers
{
    /// <summary><c>POST /images/create</c>: a pull with <c>fromImage</c>, an import with <c>fromSrc</c>.</summary>
    public static Task CreateAsync(HttpContext context, Engine engine) =>
        context.Text("fromImage") is { } from ? PullAsync(from, context, engine)
        : context.Text("fromSrc") is { } source ? ImportAsync(source, context, engine)
        : throw new EngineException(ErrorKind.InvalidArgument, "either fromImage or fromSrc must be given");

    private static Task PullAsync(string from, HttpContext context, Engine engine)
    {
        var reference = ImagesRoutes.Reference(from, context.Text("tag"));
        var platform = context.Platform();
        var auth = RegistryCredentials.Of(context);
        return ProgressLines.RunAsync(context, lines => reference.Tag is null && reference.Digest is null
            ? engine.Images.PullAllAsync(reference, platform, auth, lines, context.RequestAborted)
            : engine.Images.PullAsync(reference, platform, auth, lines, context.RequestAborted));
    }

    private static Task ImportAsync(string source, HttpContext context, Engine engine)
    {
        if (source != "-") throw new EngineException(ErrorKind.NotImplemented, "Importing from a URL is not supported; download the archive and import it from standard input.");
        var name = context.Text("repo") is { } repository ? ImagesRoutes.Reference(repository, context.Text("tag")).WithDefaultTag() : null;
        var run = ConfigChange.Apply(new ImageRunConfig(), context.Request.Query["changes"].OfType<string>());
        var platform = context.Platform() ?? Platform.Host;
        var created = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ");
        var config = new ImageConfig
        {
            Created = created, Os = platform.Os, Architecture = platform.Architecture, Variant = platform.Variant, Config = run, Comment = context.Text("message"),
            History = [new ImageHistory { Created = created, Comment = context.Text("message") ?? "Imported from -" }],
        };
        return ProgressLines.RunAsync(context, async lines =>
        {
            var image = await engine.Images.ImportAsync(context.Request.Body, config, name, context.RequestAborted);
            lines.Write(new ProgressMessage { Status = image.Id.ToString() });
        });
    }

    public static Task PushAsync(string name, HttpContext context, Engine engine)
    {
        var reference = ImagesRoutes.Reference(name, context.Text("tag"));
        var auth = RegistryCredentials.Of(context);
        var platform = context.Platform();
        return ProgressLines.RunAsync(context, async lines =>
        {
            foreach (var one in TagsToPush(reference, engine))
            {
                var pushed = await engine.Images.PushAsync(one, auth, lines, platform, context.RequestAborted);
                lines.Write(new ProgressMessage { ProgressDetail = new ProgressDetail(), Aux = ProgressLines.Aux(new PushResult { Tag = pushed.Tag, Digest = pushed.Digest.ToString(), Size = pushed.SizeBytes }, DockerApiJson.Default.PushResult) });
            }
        });
    }

    private static List<ImageReference> TagsToPush(ImageReference reference, Engine engine)
    {
        if (reference.Tag is not null || reference.Digest is not null) return [reference];
        var tags = engine.Images.List().SelectMany(image => image.Names).Where(known => known.Tag is not null && known.Name == reference.Name).ToList();
        return tags.Count > 0 ? tags : throw new EngineException(ErrorKind.NotFound, $"An image does not exist locally with the tag: {reference.FamiliarName}");
    }

    public static Task LoadAsync(HttpContext context, Engine engine)
    {
        var platform = context.Platform();
        return ProgressLines.RunAsync(context, async lines =>
        {
            foreach (var image in await engine.Images.LoadAsync(context.Request.Body, context.Flag("quiet") ? null : lines, platform, context.RequestAborted))
                lines.Write(new ProgressMessage { Stream = image.Name is null ? $"Loaded image ID: {image.Id}\n" : $"Loaded image: {image.Name}\n" });
        });
    }

    public static async Task SaveAsync(HttpContext context, Engine engine, IReadOnlyList<string> names)
    {
        if (names.Count == 0) throw new EngineException(ErrorKind.InvalidArgument, "the names of the images to save are missing");
        await SendFilesAsync(context, engine.Images.OpenSaved(names, context.Platform(), context.RequestAborted));
    }

    /// <summary>Also <c>GET /images/NAME/files</c>, which is Yun's own: what the image's layers make together, as a tar.</summary>
    public static async Task SendFilesAsync(HttpContext context, Stream tar)
    {
        await using (tar)
        {
            await context.StartStreamAsync("application/x-tar");
            await tar.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }
}
