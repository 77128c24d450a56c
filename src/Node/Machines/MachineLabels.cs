using System.Globalization;
using Yun.Node.Containers;
using Yun.Protocol;

namespace Yun.Node.Machines;

/// <summary>What a container's virtual machine is asked to be and Docker has no word for: labels say it, which every client and Compose file can give.</summary>
public static class MachineLabels
{
    /// <summary>Seconds after which a guest that is silent is ended; <c>off</c> only tells of it.</summary>
    public const string Watchdog = "yun.machine-watchdog";

    /// <summary><c>true</c>: go on from a template that has booted. <c>false</c>: boot.</summary>
    public const string WarmStart = "yun.machine-warm-start";

    private const string Off = "off";
    private const int WatchdogSeconds = 120, WatchdogMax = 86400, WatchdogMin = 5;

    /// <summary>0 is never.</summary>
    internal static int WatchdogOf(ContainerConfig config) =>
        config.Labels?.GetValueOrDefault(Watchdog) is not { } text ? WatchdogSeconds : text == Off ? 0 : int.Parse(text, CultureInfo.InvariantCulture);

    internal static bool StartsWarm(ContainerConfig config, MachineOptions options) =>
        config.Labels?.GetValueOrDefault(WarmStart) is not { } text ? options.StartsWarm : text == "true";

    /// <exception cref="EngineException">A label has a value that is not known.</exception>
    internal static void Check(ContainerConfig config)
    {
        if (config.Labels?.GetValueOrDefault(Watchdog) is { } watchdog && watchdog != Off && !(int.TryParse(watchdog, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= WatchdogMin and <= WatchdogMax))
            throw new EngineException(ErrorKind.InvalidArgument, $"The label {Watchdog} is \"{watchdog}\": it must be seconds, from {WatchdogMin} to {WatchdogMax}, or {Off}.");
        if (config.Labels?.GetValueOrDefault(WarmStart) is { } warm and not ("true" or "false")) throw new EngineException(ErrorKind.InvalidArgument, $"The label {WarmStart} is \"{warm}\": it must be true or false.");
    }
}
