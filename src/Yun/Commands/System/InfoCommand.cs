using System.Text.Json;
using Yun.Commands.Api;
using Yun.Commands.CommandLine;
using Yun.Commands.Format;
using Yun.Commands.Format.Templates;
using Yun.DockerApi.Model;

namespace Yun.Commands;

/// <summary><c>yun info</c>.</summary>
public sealed class InfoCommand : Command
{
    private readonly Setting<string?> _format;

    public InfoCommand() : base("[OPTIONS]")
    {
        ArgumentsMax = 0;
        _format = AddFormat(table: false, 'f');
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        if (_format.Value is { Length: > 0 } format)
        {
            var element = session.Api.Get("/info", DockerApiJson.Default.JsonElement);
            var data = TypedJson.Of(element, DockerApiJson.Default.InfoResponse);
            session.Out.WriteLine(Listing.Apply(Listing.Parse(format == "json" ? "{{json .}}" : format), data));
            return 0;
        }
        session.Out.Write($"Client:\n Version:    {ProductVersion.Text}\n Context:    default\n Debug Mode: false\n\nServer:\n");
        session.Out.Flush();
        var info = session.Api.Get("/info", DockerApiJson.Default.InfoResponse);
        foreach (var line in Lines(info)) session.Out.WriteLine(" " + line);
        session.Out.WriteLine();
        foreach (var warning in info.Warnings ?? []) session.Error.WriteLine(warning);
        return 0;
    }

    private static IEnumerable<string> Lines(InfoResponse info) =>
    [
        $"Containers: {info.Containers}", $" Running: {info.ContainersRunning}", $" Paused: {info.ContainersPaused}", $" Stopped: {info.ContainersStopped}",
        $"Images: {info.Images}",
        .. Unless(info.ServerVersion, "Server Version"),
        $"Storage Driver: {info.Driver}",
        .. (info.DriverStatus ?? []).Where(pair => pair.Length > 1).Select(pair => $" {pair[0]}: {pair[1]}"),
        .. Unless(info.LoggingDriver, "Logging Driver"),
        .. Unless(info.CgroupDriver, "Cgroup Driver"),
        .. Unless(info.CgroupVersion, "Cgroup Version"),
        "Plugins:",
        $" Volume: {string.Join(' ', info.Plugins.Volume ?? [])}",
        $" Network: {string.Join(' ', info.Plugins.Network ?? [])}",
        .. info.Plugins.Authorization is { Count: > 0 } authorization ? [$" Authorization: {string.Join(' ', authorization)}"] : (string[])[],
        $" Log: {string.Join(' ', info.Plugins.Log ?? [])}",
        .. info.CdiSpecDirs is { Count: > 0 } directories ? ["CDI spec directories:", .. directories.Select(d => " " + d)] : (string[])[],
        .. Unless(info.Swarm.LocalNodeState, "Swarm"),
        .. info.Runtimes is { Count: > 0 } runtimes
            ? [$"Runtimes: {string.Join(' ', runtimes.Keys.Order(StringComparer.Ordinal))}", $"Default Runtime: {info.DefaultRuntime}"] : (string[])[],
        .. Unless(info.InitBinary, "Init Binary"),
        .. Unless(info.ContainerdCommit.Id, "containerd version"),
        .. Unless(info.RuncCommit.Id, "runc version"),
        .. Unless(info.InitCommit.Id, "init version"),
        .. Security(info.SecurityOptions ?? []),
        .. Unless(info.KernelVersion, "Kernel Version"),
        .. Unless(info.OperatingSystem, "Operating System"),
        .. Unless(info.OsType, "OSType"),
        .. Unless(info.Architecture, "Architecture"),
        $"CPUs: {info.NCpu}", $"Total Memory: {HumanSize.Binary(info.MemTotal)}", $"Name: {info.Name}", $"ID: {info.Id}", $"Docker Root Dir: {info.DockerRootDir}",
        $"Debug Mode: {Text(info.Debug)}",
        .. Unless(info.HttpProxy, "HTTP Proxy"), .. Unless(info.HttpsProxy, "HTTPS Proxy"), .. Unless(info.NoProxy, "No Proxy"),
        .. info.Labels is { Count: > 0 } labels ? ["Labels:", .. labels.Select(l => " " + l)] : (string[])[],
        $"Experimental: {Text(info.ExperimentalBuild)}",
        .. Registries(info.RegistryConfig),
        $"Live Restore Enabled: {Text(info.LiveRestoreEnabled)}",
    ];

    private static IEnumerable<string> Unless(string? value, string name) => string.IsNullOrEmpty(value) ? [] : [$"{name}: {value}"];

    private static string Text(bool value) => value ? "true" : "false";

    // "name=seccomp,profile=builtin"
    private static IEnumerable<string> Security(List<string> options)
    {
        if (options.Count > 0) yield return "Security Options:";
        foreach (var option in options)
        {
            foreach (var (key, value) in option.Split(',').Select(KeyValue.Parse))
            {
                yield return key == "name" ? $" {value}" : $"  {char.ToUpperInvariant(key[0])}{key[1..]}: {value}";
            }
        }
    }

    private static IEnumerable<string> Registries(RegistryServiceConfig? config)
    {
        if (config is null) yield break;
        var insecure = (config.IndexConfigs ?? []).Where(i => !i.Value.Secure).Select(i => i.Key).Concat(config.InsecureRegistryCidrs ?? []).ToList();
        if (insecure.Count > 0) yield return "Insecure Registries:";
        foreach (var registry in insecure) yield return " " + registry;
        if (config.Mirrors is { Count: > 0 } mirrors)
        {
            yield return "Registry Mirrors:";
            foreach (var mirror in mirrors) yield return " " + mirror;
        }
    }
}
