using Yun.Commands.CommandLine;
using Yun.Commands.Registries;
using Yun.DockerApi;
using Yun.Images.Registry;
using Yun.Images.Trust;
using Yun.Protocol;

namespace Yun.Commands.Images;

/// <summary><c>yun image sign</c>: the key stays on this side, and the signature goes to the registry without a daemon in between.</summary>
public sealed class SignImageCommand : Command
{
    private readonly Setting<string?> _key;
    private readonly ListOption<string> _insecure;

    public SignImageCommand() : base("--key FILE NAME[:TAG|@DIGEST]")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _key = AddText("key", null, "The private key, PEM (ECDSA P-256 or Ed25519)");
        _insecure = AddList("insecure-registry", null, "A registry that may be spoken to without TLS");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var image = ImageArgument.Parse(arguments[0]);
        if (_key.Value is not { } path) throw new FailureException("give the private key with --key");
        try
        {
            using var signatures = new ImageSignatures(new RegistryOptions([.. _insecure.Values]));
            var auth = RegistryCredentials.From(session.Configuration.Find(ClientConfiguration.KeyOf(image.Domain)));
            var digest = signatures.SignAsync(image, auth, SigningKey.Read(path)).GetAwaiter().GetResult();
            session.Out.WriteLine($"{image.FamiliarName}@{digest}");
            return 0;
        }
        catch (EngineException refused)
        {
            throw new FailureException(refused.Message);
        }
    }
}
