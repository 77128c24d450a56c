using Yun.Archives.Paths;
using Yun.Node.Builds.Dockerfiles;
using Yun.Node.Builds.Patterns;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>What an instruction does to an image's configuration, for those that do nothing else. Serves builds and <c>commit --change</c>.</summary>
public static class ConfigChange
{
    private static readonly string[] s_defaultShell = ["/bin/sh", "-c"];

    /// <summary>The SHELL in force.</summary>
    public static IReadOnlyList<string> ShellOf(ImageRunConfig config) => config.Shell is { Count: > 0 } shell ? shell : s_defaultShell;

    /// <summary>A copy that shares nothing which changes.</summary>
    public static ImageRunConfig Copy(ImageRunConfig config) => config with
    {
        Env = Copy(config.Env),
        Cmd = Copy(config.Cmd),
        Entrypoint = Copy(config.Entrypoint),
        OnBuild = Copy(config.OnBuild),
        Shell = Copy(config.Shell),
        Labels = config.Labels is null ? null : new(config.Labels),
        Volumes = config.Volumes is null ? null : new(config.Volumes),
        ExposedPorts = config.ExposedPorts is null ? null : new(config.ExposedPorts),
    };

    /// <summary>A new configuration: that of an image, changed as <c>commit --change</c> and <c>import --change</c> have it.</summary>
    /// <exception cref="EngineException">One is no Dockerfile instruction, or does more than change the configuration.</exception>
    public static ImageRunConfig Apply(ImageRunConfig config, IEnumerable<string> changes)
    {
        var changed = Copy(config);
        foreach (var change in changes)
        {
            var commandSet = false;
            try
            {
                foreach (var instruction in Dockerfile.ParseInstructions(change)) Apply(instruction, changed, ref commandSet);
            }
            catch (DockerfileException error) { throw new EngineException(ErrorKind.InvalidArgument, $"the change '{change}' is no instruction: {error.Problem}", error); }
        }
        return changed;
    }

    /// <param name="commandSet">CMD stood in this stage, so ENTRYPOINT keeps it; otherwise a CMD inherited from the base goes.</param>
    /// <returns>The history entry's text after <c>#(nop) </c>, in Docker's form.</returns>
    /// <exception cref="EngineException">A value is not possible, or the instruction does more than change the configuration.</exception>
    public static string Apply(Instruction instruction, ImageRunConfig config, ref bool commandSet)
    {
        switch (instruction)
        {
            case EnvInstruction env:
                foreach (var (name, value) in env.Variables) SetVariable(config.Env ??= [], name, value);
                return $"ENV {Joined(env.Variables)}";
            case LabelInstruction label:
                foreach (var (name, value) in label.Labels) (config.Labels ??= [])[name] = value;
                return $"LABEL {Joined(label.Labels)}";
            case CmdInstruction cmd:
                config.Cmd = cmd.Command.Resolve(ShellOf(config));
                if (cmd.Command.Arguments.Count > 0) commandSet = true;
                return $"CMD {GoText.Quote(config.Cmd)}";
            case EntrypointInstruction entrypoint:
                config.Entrypoint = entrypoint.Command.Resolve(ShellOf(config)) is { Count: > 0 } program ? program : null;
                if (!commandSet) config.Cmd = null;
                return $"ENTRYPOINT {GoText.Quote(config.Entrypoint ?? [])}";
            case HealthcheckInstruction health:
                config.Healthcheck = health.Health;
                return $"HEALTHCHECK {Shown(health.Health)}";
            case ExposeInstruction expose:
                foreach (var port in expose.Ports.SelectMany(PortsOf)) (config.ExposedPorts ??= [])[port] = new EmptyObject();
                return $"EXPOSE {string.Join(' ', expose.Ports)}";
            case UserInstruction user:
                config.User = user.User;
                return $"USER {user.User}";
            case VolumeInstruction volume:
                foreach (var path in volume.Paths) (config.Volumes ??= [])[path] = new EmptyObject();
                return $"VOLUME {GoText.List(volume.Paths)}";
            case WorkdirInstruction workdir:
                if (workdir.Path.Length == 0) throw Wrong(workdir, "cannot normalize nothing");
                config.WorkingDir = CleanPath.Absolute(config.WorkingDir ?? "", workdir.Path) is var path1 && path1.Length > 1 ? path1.TrimEnd('/') : "/";
                return $"WORKDIR {config.WorkingDir}";
            case StopSignalInstruction stop:
                if (!StopSignals.IsKnown(stop.Signal)) throw Wrong(stop, $"invalid signal: {stop.Signal}");
                config.StopSignal = stop.Signal;
                return $"STOPSIGNAL {stop.Signal}";
            case ShellInstruction shell:
                config.Shell = [.. shell.Shell];
                return $"SHELL {GoText.List(shell.Shell)}";
            case OnBuildInstruction trigger:
                (config.OnBuild ??= []).Add(trigger.Trigger);
                return $"ONBUILD {trigger.Trigger}";
            default:
                throw Wrong(instruction, $"{instruction.Text.Split(' ')[0].ToUpperInvariant()} is not a valid change command");
        }
    }

    /// <summary>The command of a history entry: how Docker marks what ran nothing.</summary>
    public static string NopCommand(ImageRunConfig config, string comment) => $"{string.Join(' ', ShellOf(config))} #(nop)  {comment}";

    public static void SetVariable(List<string> environment, string name, string value)
    {
        var at = environment.FindIndex(v => v.StartsWith(name + "=", StringComparison.Ordinal) || v == name);
        if (at < 0) environment.Add($"{name}={value}");
        else environment[at] = $"{name}={value}";
    }

    private static List<string>? Copy(List<string>? list) => list is null ? null : [.. list];

    private static string Joined(IReadOnlyList<KeyValuePair<string, string>> pairs) => string.Join(' ', pairs.Select(p => $"{p.Key}={p.Value}"));

    // Go's %q of the struct: strings and durations quoted, the number as a character.
    private static string Shown(HealthConfig health)
    {
        string[] times = [.. new[] { health.Interval, health.Timeout, health.StartPeriod, health.StartInterval }.Select(GoText.Duration).Select(GoText.Quote)];
        return $"&{{{GoText.Quote(health.Test ?? [])} {string.Join(' ', times)} {GoText.QuoteCharacter(health.Retries)}}}";
    }

    // "8080", "8000-8010/udp"; an address and a host port before it are allowed and mean nothing here.
    private static IEnumerable<string> PortsOf(string text)
    {
        var slash = text.IndexOf('/');
        var protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant();
        var ports = (slash < 0 ? text : text[..slash]).Split(':')[^1].Split('-');
        if (protocol is not ("tcp" or "udp" or "sctp")) throw new EngineException(ErrorKind.InvalidArgument, $"invalid proto: {protocol}");
        if (ports.Length > 2 || !ushort.TryParse(ports[0], out var first) || !ushort.TryParse(ports[^1], out var last) || first == 0 || last < first)
            throw new EngineException(ErrorKind.InvalidArgument, $"invalid containerPort: {text}");
        return Enumerable.Range(first, last - first + 1).Select(port => $"{port}/{protocol}");
    }

    private static EngineException Wrong(Instruction instruction, string problem) => new(ErrorKind.InvalidArgument, $"dockerfile line {instruction.Line}: {problem}");
}
