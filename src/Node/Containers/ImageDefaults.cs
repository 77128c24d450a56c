using Yun.Oci;

namespace Yun.Node.Containers;

/// <summary>What a container takes over from its image, by Docker's rules.</summary>
public static class ImageDefaults
{
    /// <summary>A new configuration: what was asked, and what the image says where nothing was.</summary>
    public static ContainerConfig Merge(ContainerConfig asked, ImageRunConfig? image)
    {
        var merged = Copy(asked);
        if (image is not null)
        {
            merged.User = asked.User is { Length: > 0 } ? asked.User : image.User;
            merged.WorkingDir = asked.WorkingDir is { Length: > 0 } ? asked.WorkingDir : image.WorkingDir;
            merged.ExposedPorts = Union(image.ExposedPorts, asked.ExposedPorts);
            merged.Volumes = Union(image.Volumes, asked.Volumes);
            merged.Labels = Union(image.Labels, asked.Labels);
            merged.Env = Environment(image.Env, asked.Env);
            if (asked.Entrypoint is null or [])
            {
                // An entrypoint of one's own also does away with the image's command, which was written for the image's.
                if (asked.Cmd is null or []) merged.Cmd = image.Cmd;
                merged.Entrypoint = asked.Entrypoint ?? image.Entrypoint;
            }
            merged.StopSignal = asked.StopSignal is { Length: > 0 } ? asked.StopSignal : image.StopSignal;
            merged.StopTimeout = asked.StopTimeout ?? image.StopTimeout;
            merged.Shell = asked.Shell ?? image.Shell;
            merged.Healthcheck = Health(asked.Healthcheck, image.Healthcheck);
            merged.OnBuild = asked.OnBuild ?? image.OnBuild;
        }
        // How the API's clients write "no entrypoint, whatever the image says".
        if (merged.Entrypoint is [""]) merged.Entrypoint = null;
        return merged;
    }

    private static ContainerConfig Copy(ContainerConfig c) => new()
    {
        Hostname = c.Hostname, Domainname = c.Domainname, User = c.User, AttachStdin = c.AttachStdin, AttachStdout = c.AttachStdout, AttachStderr = c.AttachStderr,
        ExposedPorts = c.ExposedPorts, Tty = c.Tty, OpenStdin = c.OpenStdin, StdinOnce = c.StdinOnce, Env = c.Env, Cmd = c.Cmd, Healthcheck = c.Healthcheck,
        ArgsEscaped = c.ArgsEscaped, Image = c.Image, Volumes = c.Volumes, WorkingDir = c.WorkingDir, Entrypoint = c.Entrypoint, NetworkDisabled = c.NetworkDisabled,
        MacAddress = c.MacAddress, OnBuild = c.OnBuild, Labels = c.Labels, StopSignal = c.StopSignal, StopTimeout = c.StopTimeout, Shell = c.Shell,
    };

    private static Dictionary<string, T>? Union<T>(Dictionary<string, T>? image, Dictionary<string, T>? asked)
    {
        if (image is null || asked is null) return asked ?? image;
        var union = new Dictionary<string, T>(image);
        foreach (var (key, value) in asked) union[key] = value;
        return union;
    }

    // The image's variables that are not set anew come after the others, as in Docker.
    private static List<string>? Environment(List<string>? image, List<string>? asked)
    {
        if (asked is not { Count: > 0 }) return image ?? asked;
        var names = asked.Select(NameOf).ToHashSet();
        return [.. asked, .. (image ?? []).Where(v => !names.Contains(NameOf(v)))];
    }

    private static string NameOf(string variable) => variable.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? variable[..at] : variable;

    private static HealthConfig? Health(HealthConfig? asked, HealthConfig? image)
    {
        if (asked is null || image is null) return asked ?? image;
        return asked with
        {
            Test = asked.Test is { Count: > 0 } ? asked.Test : image.Test,
            Interval = asked.Interval != 0 ? asked.Interval : image.Interval,
            Timeout = asked.Timeout != 0 ? asked.Timeout : image.Timeout,
            StartPeriod = asked.StartPeriod != 0 ? asked.StartPeriod : image.StartPeriod,
            StartInterval = asked.StartInterval != 0 ? asked.StartInterval : image.StartInterval,
            Retries = asked.Retries != 0 ? asked.Retries : image.Retries,
        };
    }
}
