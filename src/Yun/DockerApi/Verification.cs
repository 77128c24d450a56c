using Yun.DockerApi.Model;
using Yun.Node;

namespace Yun.DockerApi;

/// <summary>Yun's own: reads the store again, and repairs it.</summary>
public static class VerificationRoutes
{
    public static void MapVerification(this IEndpointRouteBuilder routes) => routes.MapPost("/yun/v1/system/verify", VerifyAsync);

    private static async Task VerifyAsync(HttpContext context, Engine engine)
    {
        await context.StartStreamAsync("application/json");
        await foreach (var damage in engine.Images.VerifyAsync(context.Flag("repair"), context.RequestAborted))
        {
            var shown = new DamageMessage { Kind = damage.Kind, Id = damage.Id, Reason = damage.Reason, Images = [.. damage.Images], IsRepaired = damage.IsRepaired, Outcome = damage.Outcome };
            await context.WriteLineAsync(shown, DockerApiJson.Default.DamageMessage);
        }
    }
}
