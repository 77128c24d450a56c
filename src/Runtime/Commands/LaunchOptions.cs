using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary>The options that run, create and exec share.</summary>
internal sealed class LaunchOptions
{
    private const int DescriptorsMax = 1024;
    private int _preserved;

    public string BundlePath { get; private set; } = Environment.CurrentDirectory;
    public string? PidFile { get; private set; }
    public string? ConsoleSocket { get; private set; }
    private string? _pidFdSocket;
    /// <summary>How many descriptors from 3 on the program keeps: those of socket activation (sd_listen_fds(3)) and those asked for.</summary>
    public int PreservedFds => ActivatedFds + _preserved;
    public int ActivatedFds { get; } = int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), out var count) && count is > 0 and < DescriptorsMax ? count : 0;
    public bool Detach { get; private set; }
    public bool Keep { get; private set; }
    public bool KeepsKeyring { get; private set; }
    public bool NoPivot { get; private set; }

    public bool Take(string name, Func<string> value)
    {
        switch (name)
        {
            case "--bundle" or "-b": BundlePath = Path.GetFullPath(value()); return true;
            case "--pid-file": PidFile = Path.GetFullPath(value()); return true;
            case "--console-socket": ConsoleSocket = value(); return true;
            case "--pidfd-socket": _pidFdSocket = value(); return true;
            case "--preserve-fds": _preserved = Preserved(value()); return true;
            case "--detach" or "-d": return Detach = true;
            case "--keep": return Keep = true;
            case "--no-new-keyring": return KeepsKeyring = true;
            case "--no-pivot": return NoPivot = true;
            // A reaper of the container's orphans is its first process; without a PID namespace they are the caller's.
            case "--no-subreaper": return true;
            // Attributes of mounts are set as the spec has them, and nothing is tried instead.
            case "--no-mount-fallback": return true;
            default: return false;
        }
    }

    public void WritePid(int pid)
    {
        if (PidFile is null) return;
        // Whoever waits for the file to appear must find it whole.
        var temporary = Path.Combine(Path.GetDirectoryName(PidFile)!, $".{Path.GetFileName(PidFile)}");
        Files.Write(temporary, Encoding.ASCII.GetBytes($"{pid}"), 0x1a4);
        Files.Rename(temporary, PidFile);
    }

    /// <summary>Hands the terminal's master and a pidfd of the process to whoever asked for them.</summary>
    public void HandOver(LaunchedProcess process)
    {
        if (process.Terminal is { } terminal && ConsoleSocket is not null) Send(ConsoleSocket, "/dev/ptmx"u8, terminal);
        if (_pidFdSocket is not null) Send(_pidFdSocket, "pidfd"u8, process.PidFd);
    }

    // A descriptor with a name as the message, as runc sends it (its docs/terminals.md).
    private static void Send(string path, ReadOnlySpan<byte> name, SafeFileHandle descriptor)
    {
        using var socket = UnixSocket.Connect(path);
        socket.Send(name, [(int)descriptor.DangerousGetHandle()]);
    }

    private int Preserved(string text)
    {
        if (!int.TryParse(text, out var count) || count is < 0 or >= DescriptorsMax) throw new UsageException($"--preserve-fds must be a number from 0 to {DescriptorsMax - 1}");
        for (var i = 3; i < 3 + ActivatedFds + count; i++)
            if (!Descriptors.IsOpenAfterExec(i)) throw new UsageException($"--preserve-fds is {count}, but descriptor {i} (preserved-fd {i - 3 - ActivatedFds}) is not open");
        return count;
    }

    /// <summary>Engines name containers by id; an id that is no file name could point anywhere.</summary>
    public static string CheckId(string id)
    {
        var good = id.Length is > 0 and <= 1024 && id is not ("." or "..");
        foreach (var c in id) good &= char.IsAsciiLetterOrDigit(c) || c is '_' or '+' or '-' or '.';
        return good ? id : throw new UsageException($"'{id}' is not a container id; use letters, digits, '_', '+', '-' and '.'");
    }
}
