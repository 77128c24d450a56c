using System.Text.Json.Serialization;
using Yun.Node.Containers;

namespace Yun.DockerApi.Model;

/// <summary>The body of <c>POST /containers/create</c>: the configuration's properties lie beside the two others.</summary>
public sealed class ContainerCreateRequest : ContainerConfig
{
    public HostConfig? HostConfig { get; set; }
    public NetworkingConfig? NetworkingConfig { get; set; }
}

public sealed class ContainerCreateResponse
{
    public string Id { get; set; } = "";
    /// <summary>Never null: some clients iterate over it unasked.</summary>
    public List<string> Warnings { get; set; } = [];
}

/// <summary>The answer of <c>POST /containers/{id}/update</c>, whose body is a <see cref="HostConfig"/> of which only limits and the restart policy count.</summary>
public sealed class ContainerUpdateResponse
{
    public List<string>? Warnings { get; set; }
}

/// <summary>The one line that <c>POST /containers/{id}/wait</c> ends with.</summary>
public sealed class ContainerWaitResponse
{
    public long StatusCode { get; set; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ContainerWaitError? Error { get; set; }
}

public sealed class ContainerWaitError
{
    public string Message { get; set; } = "";
}

/// <summary>One change of <c>GET /containers/{id}/changes</c>.</summary>
public sealed class FilesystemChange
{
    public string Path { get; set; } = "";
    /// <summary>0 modified, 1 added, 2 deleted.</summary>
    public int Kind { get; set; }
}

public sealed class ContainerTopResponse
{
    public List<List<string>>? Processes { get; set; }
    public List<string>? Titles { get; set; }
}

public sealed class ContainerPruneResponse
{
    public List<string>? ContainersDeleted { get; set; }
    public ulong SpaceReclaimed { get; set; }
}

/// <summary>The header <c>X-Docker-Container-Path-Stat</c>, in base64.</summary>
public sealed class ContainerPathStat
{
    [JsonPropertyName("name")] public string Name { get; set; } = "";
    [JsonPropertyName("size")] public long Size { get; set; }
    /// <summary>Go's <c>os.FileMode</c>, whose type bits are not those of Linux (directory 1&lt;&lt;31, symbolic link 1&lt;&lt;27).</summary>
    [JsonPropertyName("mode")] public uint Mode { get; set; }
    [JsonPropertyName("mtime")] public DateTimeOffset ModifiedAt { get; set; }
    [JsonPropertyName("linkTarget")] public string LinkTarget { get; set; } = "";
}

/// <summary>The answer of <c>POST /commit</c>, of exec create and of others that only name what they made.</summary>
public sealed class IdResponse
{
    public string Id { get; set; } = "";
}

/// <summary>Every error's body.</summary>
public sealed class ErrorResponse
{
    [JsonPropertyName("message")] public string Message { get; set; } = "";
}
