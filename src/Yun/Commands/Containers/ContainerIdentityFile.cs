namespace Yun.Commands.Containers;

/// <summary><c>--cidfile</c>: made before the container, so that two runs cannot share one; removed again if no id came.</summary>
public sealed class ContainerIdentityFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _file;
    private bool _written;

    private ContainerIdentityFile(string path, FileStream file) => (_path, _file) = (path, file);

    public static ContainerIdentityFile? Open(string? path)
    {
        if (string.IsNullOrEmpty(path)) return null;
        if (File.Exists(path)) throw new FailureException($"container ID file found, make sure the other container isn't running or delete {path}", 125);
        try
        {
            return new ContainerIdentityFile(path, new FileStream(path, FileMode.CreateNew));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"failed to create the container ID file: {error.Message}", 125);
        }
    }

    public void Write(string id)
    {
        _file.Write(System.Text.Encoding.ASCII.GetBytes(id));
        _written = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_written) File.Delete(_path);
    }
}
