using System.Text;
using Yun.Linux;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>The global options.</summary>
/// <param name="IsRootless">Whether cgroups that cannot be made are done without, where no limits are asked for.</param>
internal sealed record RuntimeSettings(string Root, ErrorLog Log, string Criu, bool IsRootless)
{
    private const string Folder = "/run/yun-runtime";

    // Where a user's programs keep what ends with the session (XDG Base Directory Specification).
    private static string OwnFolder() => Path.Combine(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } folder ? folder : $"/run/user/{UserIdentity.UserId}", "yun-runtime");

    public static RuntimeSettings Parse(CommandLine line)
    {
        string? root = null;
        bool? rootless = null;
        string? logPath = null;
        var (json, debug) = (false, false);
        var criu = "criu";
        line.Options((name, value) =>
        {
            switch (name)
            {
                case "--root": root = value(); return true;
                case "--log": logPath = value(); return true;
                case "--log-format":
                    json = value() switch { "json" => true, "text" => false, var other => throw new UsageException($"--log-format is '{other}'; it must be text or json") };
                    return true;
                case "--debug": return debug = true;
                case "--criu": criu = value(); return true;
                case "--systemd-cgroup": throw new UsageException("--systemd-cgroup is not supported: cgroups are made directly; set the engine's cgroup manager to cgroupfs");
                case "--rootless":
                    rootless = value() switch { "true" => true, "false" => false, "auto" => null, var other => throw new UsageException($"--rootless is '{other}'; it must be true, false or auto") };
                    return true;
                default: return false;
            }
        });
        var isRoot = UserIdentity.UserId == 0;
        return new RuntimeSettings(root ?? (isRoot ? Folder : OwnFolder()), new ErrorLog(logPath, json, debug), criu, rootless ?? (!isRoot || UserIdentity.IsInUserNamespace));
    }
}

/// <summary>Where errors go: to standard error, and to the log file that engines read. Warnings and, with --debug, what is done go to one of the two.</summary>
internal sealed class ErrorLog(string? path, bool json, bool debug = false)
{
    public static ErrorLog Standard { get; } = new(null, false);

    public void Write(string message)
    {
        Output.WriteError($"yun-runtime: {message}\n");
        if (path is not null) Add("error", message);
    }

    public void Warn(string message) => Add("warning", message);

    public void Debug(string message)
    {
        if (debug) Add("debug", message);
    }

    private void Add(string level, string message)
    {
        var time = Timestamp.Of(Clock.NanosecondsNow).ToString();
        var line = (json ? Json(level, message, time) : $"time=\"{time}\" level={level} msg=\"{message.Replace("\"", "\\\"", StringComparison.Ordinal)}\"") + "\n";
        if (path is null)
        {
            Output.WriteError(line);
            return;
        }
        try { Files.Append(path, Encoding.UTF8.GetBytes(line), 0x1a4); }
        catch (SyscallException) { } // An error's message is on standard error as well.
    }

    private static string Json(string level, string message, string time)
    {
        var line = new JsonWriter();
        line.WriteStartObject();
        line.WriteString("level", level);
        line.WriteString("msg", message);
        line.WriteString("time", time);
        line.WriteEndObject();
        return line.ToString();
    }
}
