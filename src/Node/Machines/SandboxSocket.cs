namespace Yun.Node.Machines;

/// <summary>The directories of the sockets that machines' sandboxes connect to (<see cref="SandboxListener"/>).</summary>
internal static class SandboxSocket
{
    /// <summary>The directory of one machine.</summary>
    public static string FolderOf(EngineOptions options, string id) => Path.Combine(options.ExecRoot, "machines", id[..12]);

    /// <summary>With the directory of all machines, when it was the last.</summary>
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        if (Path.GetDirectoryName(folder) is { } all && Directory.Exists(all) && !Directory.EnumerateFileSystemEntries(all).Any()) Directory.Delete(all);
    }
}
