using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.DockerApi.Model;

namespace Yun.Commands;

/// <summary><c>yun system verify</c> and <c>yun system repair</c>.</summary>
public sealed class VerifyCommand : Command
{
    private readonly bool _repair;

    public VerifyCommand(bool repair) : base("")
    {
        ArgumentsMax = 0;
        _repair = repair;
    }

    /// <returns>1 if something is damaged and stays so.</returns>
    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var exitCode = 0;
        var count = 0;
        using var response = session.Api.Send("POST", "/yun/v1/system/verify" + (_repair ? "?repair=1" : ""));
        foreach (var element in response.ReadEach(DockerApiJson.Default.JsonElement))
        {
            var damage = System.Text.Json.JsonSerializer.Deserialize(element, DockerApiJson.Default.DamageMessage)!;
            session.Out.WriteLine($"{damage.Kind} {damage.Id}: {damage.Reason}{(damage.Images.Count > 0 ? $" ({string.Join(", ", damage.Images)})" : "")}");
            if (damage.Outcome is { } outcome) session.Out.WriteLine($"  {(damage.IsRepaired ? "repaired" : "not repaired")}: {outcome}");
            session.Out.Flush();
            if (!damage.IsRepaired) exitCode = 1;
            count++;
        }
        if (count == 0) session.Out.WriteLine("Everything is as it was.");
        return exitCode;
    }
}
