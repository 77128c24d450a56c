using Yun.Protocol;

namespace Yun.Node.Containers;

/// <summary>What follows when a container has become unhealthy. Docker has no word for it, so a label says it, which every client and Compose file can give.</summary>
public static class HealthFailure
{
    public const string Label = "yun.health-on-failure";
    public const string None = "none", Restart = "restart", Stop = "stop";

    internal static string ActionOf(ContainerConfig config) => config.Labels?.GetValueOrDefault(Label) ?? None;

    /// <exception cref="EngineException">The label has a value that is not known.</exception>
    internal static void Check(ContainerConfig config)
    {
        var action = ActionOf(config);
        if (action is not (None or Restart or Stop)) throw new EngineException(ErrorKind.InvalidArgument, $"The label {Label} is \"{action}\": it must be {None}, {Restart} or {Stop}.");
    }
}
