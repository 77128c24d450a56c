using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers.Spec;

/// <summary>
/// A seccomp profile in Docker's format: rules that count only with some capabilities, architectures or kernels. <see cref="For"/> decides those and
/// gives the filter that the OCI specification knows.
/// </summary>
public sealed class SeccompProfileFile
{
    [JsonPropertyName("defaultAction")] public string DefaultAction { get; set; } = "";
    [JsonPropertyName("defaultErrnoRet")] public uint? DefaultErrno { get; set; }
    [JsonPropertyName("architectures")] public List<string>? Architectures { get; set; }
    [JsonPropertyName("archMap")] public List<SeccompArchitecture>? ArchitectureMap { get; set; }
    [JsonPropertyName("flags")] public List<string>? Flags { get; set; }
    [JsonPropertyName("listenerPath")] public string? ListenerPath { get; set; }
    [JsonPropertyName("listenerMetadata")] public string? ListenerMetadata { get; set; }
    [JsonPropertyName("syscalls")] public List<SeccompProfileRule>? Syscalls { get; set; }

    /// <summary>Reads what the client sent as <c>--security-opt seccomp=</c>.</summary>
    public static SeccompProfileFile Parse(string json)
    {
        try
        {
            var profile = JsonSerializer.Deserialize(json, SeccompProfileFileJson.Default.SeccompProfileFile);
            if (profile is not { DefaultAction.Length: > 0 }) throw new EngineException(ErrorKind.InvalidArgument, "Decoding seccomp profile failed: it has no defaultAction");
            if (profile is { Architectures.Count: > 0, ArchitectureMap.Count: > 0 })
                throw new EngineException(ErrorKind.InvalidArgument, "Decoding seccomp profile failed: both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'");
            return profile;
        }
        catch (JsonException error)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"Decoding seccomp profile failed: {error.Message}", error);
        }
    }

    /// <summary>The filter for a container with these capabilities on this machine.</summary>
    public SpecSeccomp For(IReadOnlyList<string> capabilities) => For(capabilities, RuntimeInformation.ProcessArchitecture, Environment.OSVersion.Version);

    internal SpecSeccomp For(IReadOnlyList<string> capabilities, Architecture architecture, Version kernel)
    {
        var (go, scmp) = architecture == Architecture.Arm64 ? ("arm64", "SCMP_ARCH_AARCH64") : ("amd64", "SCMP_ARCH_X86_64");
        return new SpecSeccomp
        {
            DefaultAction = DefaultAction,
            DefaultErrnoRet = DefaultErrno,
            Architectures = Architectures ?? (ArchitectureMap?.Find(a => a.Architecture == scmp) is { } map ? [scmp, .. map.SubArchitectures ?? []] : null),
            Flags = Flags,
            ListenerPath = ListenerPath,
            ListenerMetadata = ListenerMetadata,
            Syscalls =
            [
                .. from rule in Syscalls ?? []
                   where rule.Includes?.AllMatch(capabilities, go, kernel) != false && rule.Excludes?.AnyMatches(capabilities, go, kernel) != true
                   select new SpecSyscall { Names = rule.Names ?? [rule.Name ?? throw Nameless()], Action = rule.Action, ErrnoRet = rule.Errno, Args = rule.Arguments },
            ],
        };
    }

    private static EngineException Nameless() => new(ErrorKind.InvalidArgument, "Decoding seccomp profile failed: a rule has neither name nor names");
}

public sealed class SeccompArchitecture
{
    [JsonPropertyName("architecture")] public string Architecture { get; set; } = "";
    [JsonPropertyName("subArchitectures")] public List<string>? SubArchitectures { get; set; }
}

public sealed class SeccompProfileRule
{
    [JsonPropertyName("names")] public List<string>? Names { get; set; }
    [JsonPropertyName("name")] public string? Name { get; set; }
    [JsonPropertyName("action")] public string Action { get; set; } = "";
    [JsonPropertyName("errnoRet")] public uint? Errno { get; set; }
    [JsonPropertyName("args")] public List<SpecSyscallArgument>? Arguments { get; set; }
    [JsonPropertyName("comment")] public string? Comment { get; set; }
    [JsonPropertyName("includes")] public SeccompCondition? Includes { get; set; }
    [JsonPropertyName("excludes")] public SeccompCondition? Excludes { get; set; }
}

/// <summary>When a rule counts, or does not.</summary>
public sealed class SeccompCondition
{
    [JsonPropertyName("caps")] public List<string>? Capabilities { get; set; }
    [JsonPropertyName("arches")] public List<string>? Architectures { get; set; }
    [JsonPropertyName("minKernel")] public string? KernelMin { get; set; }

    /// <summary>As <c>includes</c>: every capability is there, the architecture is among those named, the kernel is new enough.</summary>
    internal bool AllMatch(IReadOnlyList<string> capabilities, string architecture, Version kernel) =>
        (Architectures is not { Count: > 0 } || Architectures.Contains(architecture))
        && (Capabilities ?? []).All(capabilities.Contains)
        && (KernelMin is not { Length: > 0 } || kernel >= Minimum());

    /// <summary>As <c>excludes</c>: one is enough.</summary>
    internal bool AnyMatches(IReadOnlyList<string> capabilities, string architecture, Version kernel) =>
        Architectures?.Contains(architecture) == true || Capabilities?.Any(capabilities.Contains) == true || (KernelMin is { Length: > 0 } && kernel >= Minimum());

    private Version Minimum() => Version.TryParse(KernelMin, out var version) ? version
        : throw new EngineException(ErrorKind.InvalidArgument, $"Decoding seccomp profile failed: invalid kernel version '{KernelMin}'");
}

// Argument values may be beyond a signed number, and profiles in the wild have comments of their own beside the known properties.
[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SeccompProfileFile))]
internal sealed partial class SeccompProfileFileJson : JsonSerializerContext;
