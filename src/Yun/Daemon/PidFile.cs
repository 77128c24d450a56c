using System.Globalization;
using Yun.Protocol;

namespace Yun.Daemon;

/// <summary>Says that a daemon runs, and which. Removed when disposed of.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    private PidFile(string path) => _path = path;

    /// <exception cref="EngineException">Another daemon that runs has written it.</exception>
    public static PidFile Write(string path)
    {
        if (ReadOwner(path) is { } owner && owner != Environment.ProcessId && IsDaemon(owner))
            throw new EngineException(ErrorKind.Conflict, $"failed to start daemon: process with PID {owner} is still running ({path})");
        if (Path.GetDirectoryName(path) is { Length: > 0 } directory) Directory.CreateDirectory(directory);
        File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new PidFile(path);
    }

    public void Dispose()
    {
        if (ReadOwner(_path) == Environment.ProcessId) File.Delete(_path);
    }

    private static int? ReadOwner(string path)
    {
        try { return int.TryParse(File.ReadAllText(path).Trim(), out var pid) ? pid : null; }
        catch (IOException) { return null; }
    }

    // After a crash and a reboot the number may be anyone's; only a process of this program counts, and not one that is dead and only waits for its parent to notice.
    private static bool IsDaemon(int pid)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{pid}/stat");
            return File.ReadAllText($"/proc/{pid}/comm").Trim() == File.ReadAllText("/proc/self/comm").Trim() && !status[(status.LastIndexOf(')') + 1)..].StartsWith(" Z", StringComparison.Ordinal);
        }
        catch (IOException) { return false; }
    }
}
