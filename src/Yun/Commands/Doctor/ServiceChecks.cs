namespace Yun.Commands.Doctor;

/// <summary>Whether the service manager does its part.</summary>
internal static class ServiceChecks
{
    private const string Check = "systemd";

    public static IEnumerable<Finding> Of(IReadOnlyList<UnitFacts>? units)
    {
        if (units is null || units.Count == 0) yield break;
        if (units.All(unit => unit.LoadState == "not-found"))
        {
            yield return Finding.Warning(Check, "Yun's units are not installed, so that nothing starts it with the machine", "make install, then systemctl enable --now yun.socket yun.service");
            yield break;
        }
        foreach (var unit in units) yield return Of(unit);
    }

    private static Finding Of(UnitFacts unit) => unit switch
    {
        { LoadState: "not-found" } => Finding.Error(Check, $"{unit.Name} is not installed, though others of Yun are", "make install"),
        { LoadState: not "loaded" } => Finding.Error(Check, $"{unit.Name} is {unit.LoadState}", $"systemctl status {unit.Name} tells why"),
        { ActiveState: "failed" } => Finding.Error(Check, $"{unit.Name} has failed", $"journalctl -u {unit.Name} tells why; then systemctl reset-failed {unit.Name} and systemctl start {unit.Name}"),
        { UnitFileState: "disabled" } => Finding.Warning(Check, $"{unit.Name} is {unit.ActiveState}, and does not start with the machine", $"systemctl enable --now {unit.Name}"),
        _ => Finding.Ok(Check, $"{unit.Name} is {unit.ActiveState}"),
    };
}
