using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Yun.Node;
using Yun.Node.Containers;

namespace Yun.DockerApi;

/// <summary><c>/metrics</c> in Prometheus' text format: dockerd's names where it has one for the thing.</summary>
internal sealed class ApiMetrics
{
    // Seconds; the same as dockerd's histograms have.
    private static readonly double[] s_bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private readonly ConcurrentDictionary<(string Method, string Route, int Status), Histogram> _requests = new();

    /// <summary>Counts one request: by its route, not its path, of which there is no end.</summary>
    internal async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        var began = Stopwatch.GetTimestamp();
        try { await next(context); }
        finally
        {
            if (context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
                _requests.GetOrAdd((context.Request.Method, route, context.Response.StatusCode), static _ => new Histogram()).Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
    }

    internal Task WriteAsync(HttpContext context, Engine engine)
    {
        var text = new StringBuilder();
        var info = MachineInfo.Info(engine);
        Family(text, "engine_daemon_engine_info", "gauge", "The information related to the engine and the OS it is running on");
        text.Append(CultureInfo.InvariantCulture, $"engine_daemon_engine_info{{architecture=\"{info.Architecture}\",commit=\"\",daemon_id=\"{info.Id}\",graphdriver=\"{info.Driver}\",kernel=\"{Escaped(info.KernelVersion)}\",os=\"{Escaped(info.OperatingSystem)}\",os_type=\"linux\",os_version=\"{Escaped(info.OsVersion)}\",version=\"{info.ServerVersion}\"}} 1\n");
        Single(text, "engine_daemon_engine_cpus_cpus", "gauge", "The number of cpus that the host system of the engine has", info.NCpu);
        Single(text, "engine_daemon_engine_memory_bytes", "gauge", "The number of bytes of memory that the host system of the engine has", info.MemTotal);
        Family(text, "engine_daemon_container_states_containers", "gauge", "The count of containers in various states");
        foreach (var (state, count) in new[] { ("paused", info.ContainersPaused), ("running", info.ContainersRunning), ("stopped", info.ContainersStopped) })
            text.Append(CultureInfo.InvariantCulture, $"engine_daemon_container_states_containers{{state=\"{state}\"}} {count}\n");
        Single(text, "yun_images", "gauge", "Images", info.Images);
        Single(text, "yun_containers_unhealthy", "gauge", "Containers whose health check fails", engine.Containers.List().Count(container => container.State.Health is { Status: "unhealthy" }));
        Single(text, "engine_daemon_events_subscribers_total", "gauge", "The number of current subscribers to events", info.NEventsListener);
        Family(text, "yun_api_request_seconds", "histogram", "How long requests took, by route and status; streams count until they end");
        foreach (var ((method, route, status), histogram) in _requests.OrderBy(request => request.Key))
            histogram.Write(text, "yun_api_request_seconds", $"method=\"{method}\",route=\"{Escaped(route)}\",code=\"{status}\"");
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static void Family(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Single(StringBuilder text, string name, string type, string help, long value)
    {
        Family(text, name, type, help);
        text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
    }

    private static string Escaped(string? label) => (label ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private sealed class Histogram
    {
        private readonly Lock _turn = new();
        private readonly long[] _counts = new long[s_bounds.Length + 1];
        private double _sum;

        internal void Add(double seconds)
        {
            var place = Array.FindIndex(s_bounds, bound => seconds <= bound);
            lock (_turn)
            {
                _counts[place < 0 ? s_bounds.Length : place]++;
                _sum += seconds;
            }
        }

        internal void Write(StringBuilder text, string name, string labels)
        {
            lock (_turn)
            {
                long total = 0;
                for (var i = 0; i <= s_bounds.Length; i++)
                    text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{(i < s_bounds.Length ? s_bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf")}\"}} {total += _counts[i]}\n");
                text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {_sum}\n{name}_count{{{labels}}} {total}\n");
            }
        }
    }
}
