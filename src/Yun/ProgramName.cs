namespace Yun;

/// <summary>The name that the program was started under: a link called <c>docker</c> is the client in Docker's place, one called <c>dockerd</c> the daemon.</summary>
internal static class ProgramName
{
    internal const string Docker = "docker", Dockerd = "dockerd";

    // What was typed: the path of the program itself would be the link's target.
    internal static string Text { get; } = Path.GetFileName(File.ReadAllText("/proc/self/cmdline").Split('\0')[0]);

    internal static bool IsDocker => Text == Docker;
}
