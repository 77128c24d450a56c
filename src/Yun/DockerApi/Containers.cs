using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Node;

namespace Yun.DockerApi;

public static class ContainersRoutes
{
    public static void MapContainers(this IEndpointRouteBuilder routes)
    {
    }
}
