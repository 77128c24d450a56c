using Grpc.Core;
using Yun.BuildKit.Protos;
using Yun.Images.Registry;
using Yun.Node.Builds;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>What a client shows to nobody but the build it asked for: secrets, SSH agents, and what it has for registries.</summary>
internal sealed class SessionSecrets(BuildSession session) : IBuildSecrets
{
    private const string SecretsService = "moby.buildkit.secrets.v1.Secrets", AgentService = "moby.sshforward.v1.SSH", AuthService = "moby.filesync.v1.Auth";

    public async Task<byte[]?> FindAsync(string id, CancellationToken cancel)
    {
        if (!session.Offers(SecretsService, "GetSecret")) return null;
        try
        {
            return (await new Secrets.SecretsClient(session.Invoker).GetSecretAsync(new GetSecretRequest { Id = id }, cancellationToken: cancel)).Data.ToByteArray();
        }
        catch (RpcException missing) when (missing.StatusCode == StatusCode.NotFound) { return null; }
        catch (RpcException failure) when (!cancel.IsCancellationRequested) { throw Unavailable($"secret {id}", failure); }
    }

    public async Task<bool> HasAgentAsync(string id, CancellationToken cancel)
    {
        if (!session.Offers(AgentService, "CheckAgent")) return false;
        try
        {
            await new SSH.SSHClient(session.Invoker).CheckAgentAsync(new CheckAgentRequest { Id = id }, cancellationToken: cancel);
            return true;
        }
        catch (RpcException) when (!cancel.IsCancellationRequested) { return false; }
    }

    public Task<Stream> ConnectAgentAsync(string id, CancellationToken cancel)
    {
        var call = new SSH.SSHClient(session.Invoker).ForwardAgent(new Metadata { { "buildkit.ssh.id", id } }, cancellationToken: cancel);
        return Task.FromResult<Stream>(new CallStream(call));
    }

    public async ValueTask<RegistryAuth?> CredentialsAsync(string domain, CancellationToken cancel)
    {
        if (!session.Offers(AuthService, "Credentials")) return null;
        try
        {
            var found = await new Auth.AuthClient(session.Invoker).CredentialsAsync(new CredentialsRequest { Host = RegistryAddress.HostOf(domain) }, cancellationToken: cancel);
            // A secret without a user is a token.
            var auth = found.Username.Length > 0 ? new RegistryAuth(found.Username, found.Secret) : new RegistryAuth(IdentityToken: found.Secret);
            return auth.IsEmpty ? null : auth;
        }
        catch (RpcException failure) when (!cancel.IsCancellationRequested) { throw Unavailable($"the credentials for {domain}", failure); }
    }

    private static EngineException Unavailable(string what, RpcException failure) => new(ErrorKind.Unavailable, $"cannot get {what} from the client: {failure.Status.Detail}", failure);
}
