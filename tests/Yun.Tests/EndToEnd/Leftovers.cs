using System.Diagnostics;

namespace Yun.Tests.EndToEnd;

/// <summary>What a daemon left on the machine, found by its folder and by the hash that its names carry.</summary>
internal sealed class Leftovers(Daemon daemon)
{
    /// <summary>A line for each thing; empty when the machine is as if the daemon had never been.</summary>
    public List<string> Find() =>
    [
        .. Mounts().Select(mount => $"mount {mount}"),
        .. Processes().Select(pid => $"process {pid} {CommandLine(pid)}"),
        .. Cgroups().Select(path => $"cgroup {path}"),
        .. Directory.GetFileSystemEntries("/sys/class/net").Where(Named).Select(path => $"interface {Path.GetFileName(path)}"),
        .. Rules().Select(rule => $"rule {rule}"),
        .. Files(daemon.ExecRoot), .. Files(Path.Combine(daemon.DataRoot, "containers")), .. Files(Path.Combine(daemon.DataRoot, "trash")),
        .. new[] { daemon.Socket, Path.Combine(daemon.Folder, "yun.pid") }.Where(File.Exists).Select(path => $"file {path}"),
    ];

    /// <summary>Takes away by force what is there, so that one failed test does not fail the next.</summary>
    public void Remove()
    {
        foreach (var pid in Processes())
            Run("kill", "-9", $"{pid}");
        foreach (var mount in Mounts().OrderDescending())
            Run("umount", "-l", mount);
        foreach (var cgroup in Cgroups().OrderByDescending(path => path.Length))
            Run("find", cgroup, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";");
        foreach (var link in Directory.GetFileSystemEntries("/sys/class/net").Where(Named))
            Run("ip", "link", "delete", Path.GetFileName(link));
        Run("rm", "-rf", "--one-file-system", daemon.Folder);
    }

    private List<string> Mounts() =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(path => path.StartsWith(daemon.Folder + "/", StringComparison.Ordinal))];

    /// <summary>Pids of the daemon, of its keeper and of all that they have started.</summary>
    public List<int> Processes() =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!))
            .Where(pid => pid != Environment.ProcessId && (CommandLine(pid).Contains(daemon.Folder, StringComparison.Ordinal) || Read($"/proc/{pid}/cgroup").Contains(daemon.Hash, StringComparison.Ordinal)))];

    private List<string> Cgroups() =>
        [.. Run("find", "/sys/fs/cgroup", "-type", "d", "-name", $"*{daemon.Hash}*", "-prune").Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private IEnumerable<string> Rules() =>
        Run(TestTools.Nft, "list", "ruleset").Split('\n').Where(line => line.Contains(daemon.Hash, StringComparison.Ordinal)).Select(line => line.Trim());

    private bool Named(string path) => Path.GetFileName(path).Contains(daemon.Hash, StringComparison.Ordinal);

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder, "*", SearchOption.TopDirectoryOnly).Select(path => $"file {path}") : [];

    private static string CommandLine(int pid) => Read($"/proc/{pid}/cmdline").Replace('\0', ' ');

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        error.Wait();
        return output;
    }
}
