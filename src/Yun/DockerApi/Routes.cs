using Yun.BuildKit;

namespace Yun.DockerApi;

/// <summary>All routes of the API, by area. The version in front of a path has been taken off by <see cref="ApiVersions"/> before they are matched.</summary>
public static class Routes
{
    public static void MapAll(IEndpointRouteBuilder routes)
    {
        routes.MapSystem();
        routes.MapContainers();
        routes.MapImages();
        routes.MapNetworks();
        routes.MapAttach();
        routes.MapExec();
        routes.MapLogs();
        routes.MapTop();
        routes.MapStats();
        routes.MapArchive();
        routes.MapCommit();
        routes.MapBuilds();
        routes.MapBuildHandouts();
        routes.MapBuildKit();
        routes.MapVolumes();
        routes.MapRegistries();
        routes.MapDiskUsage();
        routes.MapVerification();
        routes.MapMachines();
        routes.MapSwarm();
        routes.MapPlugins();
    }
}
