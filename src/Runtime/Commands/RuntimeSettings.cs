using System.Text;
using Yun.Linux;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>The global options.</summary>
internal sealed record RuntimeSettings(string Root, ErrorLog Log, string Criu)
{
    public static RuntimeSettings Parse(CommandLine line)
    {
        var root = "/run/yun-runtime";
        string? logPath = null;
        var json = false;
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
                case "--debug": return true;
                case "--criu": criu = value(); return true;
                case "--systemd-cgroup": throw new UsageException("--systemd-cgroup is not supported: cgroups are made directly; set the engine's cgroup manager to cgroupfs");
                case "--rootless":
                    if (value() is "true") throw new UsageException("--rootless=true is not supported: yun-runtime needs root");
                    return true;
                default: return false;
            }
        });
        return new RuntimeSettings(root, new ErrorLog(logPath, json), criu);
    }
}

/// <summary>Where errors go: to standard error, and to the log file that engines read.</summary>
internal sealed class ErrorLog(string? path, bool json)
{
    public static ErrorLog Standard { get; } = new(null, false);

    public void Write(string message)
    {
        Output.WriteError($"yun-runtime: {message}\n");
        if (path is null) return;
        var time = Timestamp.Of(Clock.NanosecondsNow).ToString();
        var line = json ? Json(message, time) : $"time=\"{time}\" level=error msg=\"{message.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        try { Files.Append(path, Encoding.UTF8.GetBytes(line + "\n"), 0x1a4); }
        catch (SyscallException) { } // The message is on standard error as well.
    }

    private static string Json(string message, string time)
    {
        var line = new JsonWriter();
        line.WriteStartObject();
        line.WriteString("level", "error");
        line.WriteString("msg", message);
        line.WriteString("time", time);
        line.WriteEndObject();
        return line.ToString();
    }
}
