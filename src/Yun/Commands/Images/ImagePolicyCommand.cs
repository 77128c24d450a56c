using Yun.Commands.CommandLine;
using Yun.Images.Trust;
using Yun.Protocol;

namespace Yun.Commands.Images;

/// <summary><c>yun image policy</c>: reads a policy as the daemon would, and says what it asks of an image.</summary>
public sealed class ImagePolicyCommand : Command
{
    public ImagePolicyCommand() : base("FILE NAME[:TAG|@DIGEST]") => ArgumentsMin = ArgumentsMax = 2;

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        try
        {
            var rule = TrustPolicy.Read(arguments[0]).Find(ImageArgument.Parse(arguments[1]));
            session.Out.WriteLine(rule is null ? "nothing" : $"{rule.Require.ToString().ToLowerInvariant()}{(rule.WarnOnly ? " (warns only)" : "")}, by the rule for {rule.Images}");
            return 0;
        }
        catch (EngineException wrong)
        {
            throw new FailureException(wrong.Message);
        }
    }
}
