namespace Yun.Commands;

/// <summary>Where <c>save -o</c> and <c>export -o</c> write.</summary>
public static class OutputFile
{
    /// <summary>Before anything is asked of the daemon.</summary>
    public static void Check(string? path, string command)
    {
        if (path is null) return;
        if (Directory.Exists(path)) throw new FailureException($"failed to {command}: invalid output path: \"{path}\" must be a regular file: is a directory");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory && !Directory.Exists(directory))
        {
            throw new FailureException($"failed to {command}: invalid output path: directory \"{Path.GetDirectoryName(path)}\" does not exist");
        }
    }

    /// <summary>Into the file as a whole or not at all: written beside it and renamed. Without a path, to the output.</summary>
    public static void Save(Stream body, string? path, Stream output)
    {
        if (path is null)
        {
            body.CopyTo(output);
            return;
        }
        var temporary = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".tmp-{Path.GetFileName(path)}-{Environment.ProcessId}");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (var file = new FileStream(temporary, options)) body.CopyTo(file);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
