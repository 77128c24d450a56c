namespace Yun.Daemon;

/// <summary>The places that the daemon's two names have.</summary>
/// <param name="Program">How it calls itself in errors.</param>
public sealed record DaemonDefaults(string Program, string Host, string PidFile, string ConfigFile)
{
    public static DaemonDefaults Own { get; } = new("yun daemon", "unix:///run/yun.sock", "/run/yun.pid", "/etc/yun/daemon.json");

    /// <summary>As dockerd has them, but for the data root: what a Docker left in its own is not touched.</summary>
    public static DaemonDefaults Dockerd { get; } = new("dockerd", "unix:///var/run/docker.sock", "/var/run/docker.pid", "/etc/docker/daemon.json");
}
