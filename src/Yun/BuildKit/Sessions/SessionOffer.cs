using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>What a client says of a session when it opens it, in the request's headers.</summary>
/// <param name="Methods">The gRPC methods that it answers, such as <c>/moby.filesync.v1.FileSync/DiffCopy</c>.</param>
internal sealed record SessionOffer(string Id, IReadOnlySet<string> Methods)
{
    private const string IdHeader = "X-Docker-Expose-Session-Uuid", MethodHeader = "X-Docker-Expose-Session-Grpc-Method";

    /// <exception cref="EngineException">The session has no id.</exception>
    public static SessionOffer Of(IHeaderDictionary headers)
    {
        var id = headers[IdHeader].ToString();
        if (id.Length == 0) throw new EngineException(ErrorKind.InvalidArgument, $"the session has no id: the header {IdHeader} is missing");
        // Go's clients write the service's name and the method's own in lower case in some versions.
        return new SessionOffer(id, headers[MethodHeader].OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase));
    }
}
