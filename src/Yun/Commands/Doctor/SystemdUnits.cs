using System.ComponentModel;
using System.Diagnostics;

namespace Yun.Commands.Doctor;

/// <summary>Yun's units, where systemd runs the machine.</summary>
public static class SystemdUnits
{
    private static readonly string[] s_names = ["yun.socket", "yun.service", "yun-keeper.service"];

    public static IReadOnlyList<UnitFacts>? Read()
    {
        if (!Directory.Exists("/run/systemd/system")) return null;
        try
        {
            using var systemctl = Process.Start(new ProcessStartInfo("systemctl", ["show", "--property=Id,LoadState,ActiveState,UnitFileState", .. s_names]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var text = systemctl.StandardOutput.ReadToEnd();
            systemctl.WaitForExit();
            return systemctl.ExitCode == 0 ? Parse(text) : null;
        }
        catch (Win32Exception)
        {
            // Folders of systemd and no systemctl: a container.
            return null;
        }
    }

    /// <param name="text">What <c>systemctl show</c> prints: a property a line, an empty line between units.</param>
    public static IReadOnlyList<UnitFacts> Parse(string text)
    {
        var units = new List<UnitFacts>();
        foreach (var block in text.Trim().Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var properties = block.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
            string Property(string name) => properties.GetValueOrDefault(name, "");
            units.Add(new UnitFacts(Property("Id"), Property("LoadState"), Property("ActiveState"), Property("UnitFileState")));
        }
        return units;
    }
}
