using System.Text;
using Yun.Linux;

namespace Yun.Node.Machines;

/// <summary>The directory that the monitor of a machine reads, and nobody but it: environments hold secrets.</summary>
internal static class MonitorFiles
{
    /// <summary>Makes it anew.</summary>
    /// <param name="texts">By the names of the files.</param>
    public static void Write(string path, uint user, IReadOnlyDictionary<string, string> texts)
    {
        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserExecute, readOnly = UnixFileMode.UserRead;
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        Directory.CreateDirectory(path, own);
        using var folder = PathDescriptor.Open(null, path, OpenFlags.ReadOnly | OpenFlags.Directory);
        foreach (var (name, text) in texts)
        {
            using (var file = new FileStream(Path.Combine(path, name), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = readOnly })) file.Write(Encoding.UTF8.GetBytes(text));
            FileAt.ChangeOwner(folder, name, user, user);
        }
        FileAt.ChangeOwner(folder, "", user, user);
    }
}
