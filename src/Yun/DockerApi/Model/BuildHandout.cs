namespace Yun.DockerApi.Model;

/// <summary>What a client hands out to the build that it is about to ask for.</summary>
public sealed class BuildHandoutRequest
{
    /// <summary>By their ids.</summary>
    public Dictionary<string, byte[]> Secrets { get; set; } = [];
    /// <summary>The ids of SSH agents, to which the client offers connections.</summary>
    public List<string> Agents { get; set; } = [];
}

public sealed class BuildHandoutResponse
{
    public string Id { get; set; } = "";
}
