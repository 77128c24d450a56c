using System.Text.Json.Serialization;

namespace Yun.Node.Machines.Agents;

// The words of the QEMU guest agent that are used here (docs/interop/qemu-ga-ref of QEMU 7.2).

/// <summary>A command in the guest. Nothing of it is seen by a shell.</summary>
/// <param name="Path">Looked for in the agent's PATH when it has no slash.</param>
/// <param name="Env">NAME=VALUE, all that it has; null is what the agent has.</param>
internal sealed record AgentExec(string Path, IReadOnlyList<string> Arg, IReadOnlyList<string>? Env, byte[]? InputData, bool CaptureOutput);

internal sealed record AgentProcess(long Pid);

/// <summary>How it goes with a process. What it wrote is told when it has ended; the agent keeps 16 MiB of each stream.</summary>
internal sealed record AgentStatus(bool Exited, int? Exitcode, int? Signal, byte[]? OutData, byte[]? ErrData, bool? OutTruncated, bool? ErrTruncated);

internal sealed record AgentSync(long Id);

internal sealed record AgentAbout(string? Version);

internal sealed record AgentHostname([property: JsonPropertyName("host-name")] string? Name);

internal sealed record AgentSystem(string? PrettyName, string? KernelRelease);

internal sealed record AgentInterface(string? Name, IReadOnlyList<AgentAddress>? IpAddresses);

internal sealed record AgentAddress(string? IpAddress, int? Prefix);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentExec))]
[JsonSerializable(typeof(AgentProcess))]
[JsonSerializable(typeof(AgentStatus))]
[JsonSerializable(typeof(AgentSync))]
[JsonSerializable(typeof(AgentAbout))]
[JsonSerializable(typeof(AgentHostname))]
[JsonSerializable(typeof(AgentSystem))]
[JsonSerializable(typeof(List<AgentInterface>))]
internal sealed partial class AgentJson : JsonSerializerContext;
