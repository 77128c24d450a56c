using System.Net;
using System.Text.Json;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary><c>yun rmi</c>.</summary>
public sealed class RemoveImagesCommand : Command
{
    private readonly Flag _force;
    private readonly Flag _noPrune;

    public RemoveImagesCommand() : base("[OPTIONS] IMAGE [IMAGE...]")
    {
        ArgumentsMin = 1;
        _force = AddFlag("force", 'f', "Force removal of the image");
        _noPrune = AddFlag("no-prune", null, "Do not delete untagged parents");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var query = new Query().Add("force", _force).Add("noprune", _noPrune);
        return session.ForEach(arguments, name =>
        {
            try
            {
                using var response = session.Api.Send("DELETE", $"/images/{name}{query}");
                foreach (var item in JsonSerializer.Deserialize(response.ReadAll(), DockerApiJson.Default.ListImageDeleteItem) ?? [])
                {
                    session.Out.WriteLine(item.Deleted is { Length: > 0 } deleted ? $"Deleted: {deleted}" : $"Untagged: {item.Untagged}");
                }
            }
            catch (ApiException error) when (_force && error.Status == HttpStatusCode.NotFound)
            {
                session.Error.WriteLine(Failures.Describe(error));
            }
            return false;
        });
    }
}
