namespace Yun.Runtime.Commands;

/// <summary>The options that run, create and exec share.</summary>
internal sealed class LaunchOptions
{
    public string BundlePath { get; private set; } = Directory.GetCurrentDirectory();
    public string? PidFile { get; private set; }
    public string? ConsoleSocket { get; private set; }
    public int PreservedFds { get; private set; }
    public bool Detach { get; private set; }
    public bool KeepsKeyring { get; private set; }

    public bool Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--bundle" or "-b": BundlePath = Path.GetFullPath(value()); return true;
            case "--pid-file": PidFile = Path.GetFullPath(value()); return true;
            case "--console-socket": ConsoleSocket = value(); return true;
            case "--preserve-fds":
                PreservedFds = int.TryParse(value(), out var count) && count is >= 0 and < 1024 ? count : throw new UsageException("--preserve-fds must be a number from 0 to 1023");
                return true;
            case "--detach" or "-d": Detach = true; return true;
            case "--no-new-keyring": KeepsKeyring = true; return true;
            case "--no-pivot": throw new UsageException("--no-pivot is not supported: without pivot_root a container can reach the host's files");
            default: return false;
        }
    }

    /// <summary>Engines name containers by id; an id that is no file name could point anywhere.</summary>
    public static string CheckId(string id) =>
        id.Length is > 0 and <= 1024 && id is not ("." or "..") && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '-' or '.') ? id
            : throw new UsageException($"'{id}' is not a container id; use letters, digits, '_', '+', '-' and '.'");
}
