using Microsoft.AspNetCore.Http.Features;

namespace Yun.DockerApi;

internal static class FeatureCollection
{
    /// <summary>A feature that the web server always has.</summary>
    public static T GetRequired<T>(this IFeatureCollection features) where T : class => features.Get<T>() ?? throw new InvalidOperationException($"The web server lacks {typeof(T).Name}.");
}
