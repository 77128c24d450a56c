using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;
using Yun.Node.Containers;

namespace Yun.Commands.Containers;

/// <summary><c>yun port</c>.</summary>
public sealed class PortCommand : Command
{
    public PortCommand() : base("CONTAINER [PRIVATE_PORT[/PROTO]]") => (ArgumentsMin, ArgumentsMax) = (1, 2);

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var ports = session.Api.Get($"/containers/{arguments[0]}/json", DockerApiJson.Default.ContainerInspect).NetworkSettings.Ports;
        if (arguments.Count > 1)
        {
            var key = arguments[1].Contains('/', StringComparison.Ordinal) ? arguments[1] : arguments[1] + "/tcp";
            if (ports.GetValueOrDefault(key) is not { Count: > 0 } bindings) throw new FailureException($"no public port '{arguments[1]}' published for {arguments[0]}");
            foreach (var binding in bindings) session.Out.WriteLine(Address(binding));
            return 0;
        }
        foreach (var (key, bindings) in ports.OrderBy(p => int.TryParse(p.Key.Split('/')[0], out var number) ? number : 0).ThenBy(p => p.Key, StringComparer.Ordinal))
        {
            foreach (var binding in bindings ?? []) session.Out.WriteLine($"{key} -> {Address(binding)}");
        }
        return 0;
    }

    private static string Address(PortBinding binding) =>
        binding.HostIp?.Contains(':', StringComparison.Ordinal) == true ? $"[{binding.HostIp}]:{binding.HostPort}" : $"{binding.HostIp}:{binding.HostPort}";
}
