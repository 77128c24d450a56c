using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary>What happens to a step of a build, for clients that ask <c>POST /build</c> for <c>steps=1</c>; it comes as <c>{"Step":…}</c> in <c>aux</c>.</summary>
public sealed class BuildStepNews
{
    /// <summary>Its place among the build's instructions; 0 for what is none, such as a transfer.</summary>
    public int Number { get; set; }
    public string Name { get; set; } = "";
    /// <summary><c>begun</c>, <c>said</c>, <c>cached</c>, <c>done</c> or <c>failed</c>.</summary>
    public string State { get; set; } = "";
    /// <summary>What its command said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Text { get; set; }
}

public sealed class BuildStepMessage
{
    public BuildStepNews Step { get; set; } = new();
}
