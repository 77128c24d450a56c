using System.Net;
using Yun.Commands.Api;
using Yun.Commands.Images;
using Yun.DockerApi.Model;
using Yun.Oci;

namespace Yun.Commands.Containers;

/// <summary>Creates a container, pulling its image first where the policy says so.</summary>
public sealed class ContainerCreation(Session session, string? name, string? platform, string pullPolicy, bool quiet)
{
    public string Create(ContainerCreateRequest request)
    {
        var reference = Reference(request.Image!);
        switch (pullPolicy)
        {
            case "always": Pull(reference, request); break;
            case "missing" or "never" or "": break;
            default: throw new FailureException($"invalid pull option: '{pullPolicy}': must be one of \"always\", \"missing\" or \"never\"", 125);
        }
        try
        {
            return Post(request);
        }
        catch (ApiException error) when (error.Status == HttpStatusCode.NotFound && pullPolicy is "missing" or "" && reference is not null && IsAboutImage(error.Message))
        {
            session.Error.WriteLine($"Unable to find image '{reference.WithDefaultTag().Familiar}' locally");
            Pull(reference, request);
            return Post(request);
        }
    }

    private string Post(ContainerCreateRequest request)
    {
        using var response = session.Api.Post("/containers/create" + new Query().Add("name", name).Add("platform", platform), request, DockerApiJson.Default.ContainerCreateRequest);
        var created = response.Read(DockerApiJson.Default.ContainerCreateResponse);
        foreach (var warning in created.Warnings ?? []) session.Error.WriteLine($"WARNING: {warning}");
        return created.Id;
    }

    private static bool IsAboutImage(string message) => message.StartsWith("No such image", StringComparison.OrdinalIgnoreCase) || message.Contains("image", StringComparison.OrdinalIgnoreCase);

    // An id is no reference, and cannot be pulled.
    private static ImageReference? Reference(string image)
    {
        try
        {
            return ImageReference.Parse(image);
        }
        catch (FormatException error)
        {
            return image.StartsWith("sha256:", StringComparison.Ordinal) || image.All(char.IsAsciiHexDigitLower) ? null : throw new FailureException(error.Message, 125);
        }
    }

    private void Pull(ImageReference? reference, ContainerCreateRequest request)
    {
        if (reference is null) throw new FailureException($"{request.Image} is no reference that could be pulled", 125);
        PullCommand.Pull(session, reference.WithDefaultTag(), platform, quiet ? null : session.Error, 2);
    }
}
