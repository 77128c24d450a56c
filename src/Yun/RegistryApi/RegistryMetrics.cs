using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Yun.Images.Repositories;
using Yun.RegistryApi.Access;

namespace Yun.RegistryApi;

/// <summary><c>/metrics</c>, in Prometheus' text format.</summary>
internal sealed class RegistryMetrics
{
    private readonly ConcurrentDictionary<(string Method, RegistryArea Area, int Status), long> _requests = new();
    private long _received, _sent, _collected;

    public void Count(HttpContext context, RegistryArea area)
    {
        var method = context.Request.Method is "GET" or "HEAD" or "PUT" or "POST" or "PATCH" or "DELETE" ? context.Request.Method : "other";
        _requests.AddOrUpdate((method, area, context.Response.StatusCode), 1, (_, count) => count + 1);
        if (context.Request.ContentLength is { } received) Interlocked.Add(ref _received, received);
        if (context.Response.ContentLength is { } sent && method != "HEAD") Interlocked.Add(ref _sent, sent);
    }

    public void Collected(long bytes) => Interlocked.Add(ref _collected, bytes);

    public async Task WriteAsync(HttpContext context, Gatekeeper gatekeeper, RepositoryStore repositories)
    {
        if (!gatekeeper.MayRead(context, null)) throw Gatekeeper.AskPassword(context);
        var text = new StringBuilder();
        void Family(string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP yun_registry_{name} {help}\n# TYPE yun_registry_{name} {type}\n");
        void Single(string name, string type, string help, long value)
        {
            Family(name, type, help);
            text.Append(CultureInfo.InvariantCulture, $"yun_registry_{name} {value}\n");
        }
        Family("requests_total", "counter", "Requests answered.");
        foreach (var ((method, area, status), count) in _requests.OrderBy(request => request.Key))
            text.Append(CultureInfo.InvariantCulture, $"yun_registry_requests_total{{method=\"{method}\",area=\"{area.ToString().ToLowerInvariant()}\",status=\"{status}\"}} {count}\n");
        Single("received_bytes_total", "counter", "Bytes of requests whose length was announced.", _received);
        Single("sent_bytes_total", "counter", "Bytes of answers.", _sent);
        Single("collected_bytes_total", "counter", "Bytes that the collection has freed.", _collected);
        var all = repositories.List().ToList();
        Single("repositories", "gauge", "Repositories with something to pull.", all.Count);
        Single("manifests", "gauge", "Manifests and indexes.", all.Sum(repository => (long)repository.Manifests.Count));
        Single("tags", "gauge", "Tags.", all.Sum(repository => (long)repository.Tags.Count));
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }
}
