using Microsoft.AspNetCore.Http.HttpResults;
using Yun.DockerApi.Model;
using Yun.Images.Registry;
using Yun.Node;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.DockerApi;

/// <summary>What is asked of registries without moving an image: whether they take a user's credentials, and what a name stands for.</summary>
public static class RegistriesRoutes
{
    public static void MapRegistries(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth", LoginAsync);
        routes.MapGet("/distribution/{**path}", InspectAsync);
    }

    private static async Task<JsonHttpResult<AuthResponse>> LoginAsync(HttpContext context, Engine engine)
    {
        var asked = await context.ReadBodyAsync(DockerApiJson.Default.AuthConfig);
        var auth = RegistryCredentials.From(asked) ?? throw new EngineException(ErrorKind.InvalidArgument, "no credentials are given: a user name and password, or a token");
        await engine.Images.LoginAsync(asked.ServerAddress ?? "", auth, context.RequestAborted);
        return TypedResults.Json(new AuthResponse { Status = "Login Succeeded" }, DockerApiJson.Default.AuthResponse);
    }

    private static async Task<JsonHttpResult<DistributionInspect>> InspectAsync(string path, HttpContext context, Engine engine)
    {
        if (!path.EndsWith("/json", StringComparison.Ordinal)) throw new EngineException(ErrorKind.NotFound, "page not found");
        var reference = ImagesRoutes.Reference(Uri.UnescapeDataString(path[..^"/json".Length]), null);
        var (named, platforms) = await engine.Images.InspectRemoteAsync(reference, RegistryCredentials.Of(context), context.RequestAborted);
        return TypedResults.Json(new DistributionInspect
        {
            Descriptor = new ContentDescriptor { MediaType = named.MediaType, Digest = named.Digest.ToString(), Size = named.Size },
            Platforms = [.. platforms.Select(platform => new ContentPlatform { Architecture = platform.Architecture, Os = platform.Os, OsVersion = platform.OsVersion, Variant = platform.Variant })],
        }, DockerApiJson.Default.DistributionInspect);
    }
}
