namespace Yun.Runtime.Commands;

/// <summary><c>list</c>: one line for each container.</summary>
internal static class ListCommand
{
    public static int Run(RuntimeSettings settings)
    {
        Console.Out.WriteLine($"{"ID",-32} {"PID",-8} {"STATUS",-8} {"BUNDLE",-40} CREATED");
        if (!Directory.Exists(settings.Root)) return 0;
        foreach (var directory in Directory.EnumerateDirectories(settings.Root).Order(StringComparer.Ordinal))
        {
            if (!File.Exists(Path.Combine(directory, "state.json"))) continue;
            var state = ContainerState.Load(settings, Path.GetFileName(directory));
            var seen = state.Describe(settings);
            Console.Out.WriteLine($"{seen.Id,-32} {seen.Pid,-8} {seen.Status,-8} {seen.Bundle,-40} {state.Created:yyyy-MM-ddTHH:mm:ssZ}");
        }
        return 0;
    }
}
