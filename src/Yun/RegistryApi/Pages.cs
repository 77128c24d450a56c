using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Yun.Images.Repositories;
using Yun.Oci;
using Yun.RegistryApi.Access;

namespace Yun.RegistryApi;

/// <summary>For a person with a browser: the repositories, and a page for each. Nothing here can be changed, and nothing runs: no script, no style from elsewhere.</summary>
internal static class Pages
{
    private const string Style = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em}table{border-collapse:collapse;width:100%}"
        + "td,th{text-align:left;padding:.3em .8em .3em 0;border-bottom:1px solid #ddd;vertical-align:top}code{font:13px ui-monospace,monospace;word-break:break-all}";
    private const int HistoryMax = 200;

    public static async Task AnswerAsync(HttpContext context, string path, Gatekeeper gatekeeper, RepositoryStore repositories)
    {
        var name = path.Trim('/');
        var repository = name.Length > 0 ? repositories.Find(name) : null;
        if (context.Request.Method is not ("GET" or "HEAD") || (name.Length > 0 && !ImageReference.IsRepository(name)))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        // Whether there is such a repository is told to those only who may pull it.
        if (!gatekeeper.MayRead(context, name.Length == 0 ? null : name)) throw Gatekeeper.AskPassword(context);
        if (name.Length > 0 && repository is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var page = repository is null ? List(repositories.List().Where(one => gatekeeper.MayRead(context, one.Name))) : Show(context.Request.Host.ToString(), repositories, repository);
        var body = Encoding.UTF8.GetBytes(page);
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.ContentLength = body.Length;
        if (context.Request.Method != HttpMethods.Head) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static string List(IEnumerable<Repository> repositories)
    {
        var rows = new StringBuilder();
        foreach (var repository in repositories)
            rows.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"/{Text(repository.Name)}\">{Text(repository.Name)}</a><td>{repository.Tags.Count}<td>{Latest(repository):yyyy-MM-dd HH:mm} UTC\n");
        return Page("Repositories", rows.Length == 0 ? "<p>Nothing has been pushed yet." : $"<table><tr><th>Repository<th>Tags<th>Last push\n{rows}</table>");
    }

    private static string Show(string host, RepositoryStore repositories, Repository repository)
    {
        var (tags, details) = (new StringBuilder(), new StringBuilder());
        foreach (var (tag, digest) in repository.Tags)
        {
            if (repository.Manifests.GetValueOrDefault(digest) is not { } manifest) continue;
            tags.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"#{Text(tag)}\">{Text(tag)}</a><td>{Size(TotalOf(repository, manifest))}<td><code>{digest}</code><td>{manifest.Pushed:yyyy-MM-dd HH:mm} UTC\n");
            details.Append(CultureInfo.InvariantCulture, $"<h2 id=\"{Text(tag)}\">{Text(tag)}</h2><p><code>docker pull {Text(host)}/{Text(repository.Name)}:{Text(tag)}</code>\n");
            Describe(details, repositories, repository, manifest);
        }
        return Page(repository.Name, $"<p><a href=\"/\">All repositories</a><table><tr><th>Tag<th>Size<th>Digest<th>Pushed\n{tags}</table>{details}");
    }

    private static void Describe(StringBuilder page, RepositoryStore repositories, Repository repository, ManifestEntry entry)
    {
        if (entry.IsIndex)
        {
            page.Append("<table><tr><th>Manifest of this index<th>Size\n");
            foreach (var part in entry.Manifests)
                page.Append(CultureInfo.InvariantCulture, $"<tr><td><code>{part}</code><td>{(repository.Manifests.GetValueOrDefault(part) is { } known ? Size(known.LayersSize) : "not here")}\n");
            page.Append("</table>");
            return;
        }
        if (repositories.ReadManifest(entry) is not { } bytes || JsonSerializer.Deserialize(bytes, ImageJson.Default.ImageManifest) is not { } manifest) return;
        page.Append("<table><tr><th>Layer<th>Size\n");
        foreach (var layer in manifest.Layers ?? []) page.Append(CultureInfo.InvariantCulture, $"<tr><td><code>{layer.Digest}</code><td>{Size(layer.Size)}\n");
        page.Append("</table>");
        if (manifest.Config is not { MediaType: MediaTypes.OciConfig or MediaTypes.DockerConfig } config || ReadConfig(repositories, repository.Name, config) is not { History.Count: > 0 } image) return;
        page.Append(CultureInfo.InvariantCulture, $"<table><tr><th>History ({Text(image.Platform.ToString())})\n");
        foreach (var step in image.History.Take(HistoryMax)) page.Append(CultureInfo.InvariantCulture, $"<tr><td><code>{Text(step.CreatedBy ?? step.Comment ?? "")}</code>\n");
        page.Append("</table>");
    }

    private static ImageConfig? ReadConfig(RepositoryStore repositories, string name, Descriptor config)
    {
        const int max = 1 << 20;
        if (config.Size > max || repositories.FindBlob(name, config.Digest) is not { Size: <= max } blob) return null;
        try { return JsonSerializer.Deserialize(File.ReadAllBytes(blob.Path), ImageJson.Default.ImageConfig); }
        catch (Exception unreadable) when (unreadable is JsonException or IOException) { return null; }
    }

    private static DateTimeOffset Latest(Repository repository) => repository.Manifests.Values.Max(manifest => manifest.Pushed);

    private static long TotalOf(Repository repository, ManifestEntry manifest) =>
        manifest.IsIndex ? manifest.Manifests.Sum(part => repository.Manifests.GetValueOrDefault(part)?.LayersSize ?? 0) : manifest.LayersSize;

    private static string Size(long bytes) => bytes < 1000 ? $"{bytes} B" : bytes < 1_000_000 ? $"{bytes / 1e3:0.#} kB" : bytes < 1_000_000_000 ? $"{bytes / 1e6:0.#} MB" : $"{bytes / 1e9:0.##} GB";

    private static string Page(string title, string body) =>
        $"<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{Text(title)}</title><style>{Style}</style><h1>{Text(title)}</h1>{body}</html>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
