using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Yun.Images.Repositories;

namespace Yun.RegistryApi;

/// <summary>Lists in pages: <c>n</c> is the most that is wanted and <c>last</c> where the page before ended.</summary>
internal static class Lists
{
    private const int CatalogPage = 1000, SearchDefault = 25, SearchMax = 100;

    public static Task TagsAsync(HttpContext context, Repository repository)
    {
        var page = Page(context, repository.Tags.Keys, int.MaxValue);
        return WriteAsync(context, new TagsBody(repository.Name, page), RegistryJson.Default.TagsBody);
    }

    public static Task CatalogAsync(HttpContext context, IEnumerable<string> names) =>
        WriteAsync(context, new CatalogBody(Page(context, names, CatalogPage)), RegistryJson.Default.CatalogBody);

    /// <param name="names">What the caller may pull.</param>
    public static Task SearchAsync(HttpContext context, IEnumerable<string> names)
    {
        var term = context.Request.Query["q"].ToString();
        var most = int.TryParse(context.Request.Query["n"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Clamp(asked, 1, SearchMax) : SearchDefault;
        var found = names.Where(name => name.Contains(term, StringComparison.OrdinalIgnoreCase)).Take(most).Select(name => new SearchItem(name, "", 0, false, false)).ToList();
        return WriteAsync(context, new SearchBody(found.Count, term, found), RegistryJson.Default.SearchBody);
    }

    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (context.Request.Method != HttpMethods.Head) await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <param name="all">In ordinal order.</param>
    private static List<string> Page(HttpContext context, IEnumerable<string> all, int most)
    {
        var query = context.Request.Query;
        if (query["n"].ToString() is { Length: > 0 } text)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked))
                throw new DistributionException(DistributionError.PaginationNumberInvalid, $"'{text}' is no number of entries.", text);
            most = Math.Min(most, asked);
        }
        if (most == 0) return [];
        if (query["last"].ToString() is { Length: > 0 } last) all = all.SkipWhile(item => string.CompareOrdinal(item, last) <= 0);
        var page = most == int.MaxValue ? all.ToList() : [.. all.Take(most + 1)];
        if (page.Count > most)
        {
            page.RemoveAt(most);
            context.Response.Headers.Link = $"<{context.Request.Path}?n={most}&last={Uri.EscapeDataString(page[^1])}>; rel=\"next\"";
        }
        return page;
    }
}
