using Yun.Commands.CommandLine;
using Yun.Commands.Registries;
using Yun.DockerApi;
using Yun.Images.Registry;
using Yun.Images.Trust;
using Yun.Protocol;

namespace Yun.Commands.Images;

/// <summary><c>yun image verify</c>: says which digest is signed, so that a script can go on with that.</summary>
public sealed class VerifyImageCommand : Command
{
    private readonly ListOption<string> _keys;
    private readonly ListOption<string> _insecure;

    public VerifyImageCommand() : base("--key FILE NAME[:TAG|@DIGEST]")
    {
        ArgumentsMin = ArgumentsMax = 1;
        _keys = AddList("key", null, "A public key, PEM; one signature by one of them is enough");
        _insecure = AddList("insecure-registry", null, "A registry that may be spoken to without TLS");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var image = ImageArgument.Parse(arguments[0]);
        if (_keys.Values.Count == 0) throw new FailureException("give a public key with --key");
        try
        {
            using var signatures = new ImageSignatures(new RegistryOptions([.. _insecure.Values]));
            var auth = RegistryCredentials.From(session.Configuration.Find(ClientConfiguration.KeyOf(image.Domain)));
            var digest = signatures.VerifyAsync(image, auth, [.. _keys.Values.Select(SigningKey.Read)]).GetAwaiter().GetResult();
            session.Out.WriteLine($"{image.FamiliarName}@{digest}");
            return 0;
        }
        catch (EngineException refused)
        {
            throw new FailureException(refused.Message);
        }
    }
}
