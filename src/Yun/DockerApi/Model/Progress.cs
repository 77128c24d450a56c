using System.Text.Json;
using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary>One line of pull, push, build, load and import: some text for the terminal, a part's progress, the error that ended it, or a result.</summary>
public sealed class ProgressMessage
{
    /// <summary>Text to print as it is: a build's output.</summary>
    [JsonPropertyName("stream"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Stream { get; set; }
    [JsonPropertyName("status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Status { get; set; }
    [JsonPropertyName("progressDetail"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ProgressDetail? ProgressDetail { get; set; }
    /// <summary>The bar, drawn; clients that have <see cref="ProgressDetail"/> draw their own.</summary>
    [JsonPropertyName("progress"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Progress { get; set; }
    /// <summary>Which line of the display this is about: a layer's short digest.</summary>
    [JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Id { get; set; }
    [JsonPropertyName("from"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? From { get; set; }
    [JsonPropertyName("errorDetail"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public ProgressError? ErrorDetail { get; set; }
    /// <summary>The same text as in <see cref="ErrorDetail"/>, for old clients.</summary>
    [JsonPropertyName("error"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Error { get; set; }
    /// <summary>A <see cref="BuildResult"/>, a <see cref="PushResult"/>, or BuildKit's progress in base64.</summary>
    [JsonPropertyName("aux"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public JsonElement? Aux { get; set; }
}

/// <summary><c>{}</c> is what Docker sends beside a status without numbers.</summary>
public sealed class ProgressDetail
{
    [JsonPropertyName("current"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long Current { get; set; }
    [JsonPropertyName("total"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long Total { get; set; }
    /// <summary>Seconds since 1970, for the time that remains.</summary>
    [JsonPropertyName("start"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long Start { get; set; }
    [JsonPropertyName("hidecounts"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool HideCounts { get; set; }
    /// <summary>Bytes when it is not said.</summary>
    [JsonPropertyName("units"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Units { get; set; }
}

public sealed class ProgressError
{
    /// <summary>For a build's RUN, the exit code of the command.</summary>
    [JsonPropertyName("code"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public int Code { get; set; }
    [JsonPropertyName("message")] public string Message { get; set; } = "";
}

public sealed class BuildResult
{
    [JsonPropertyName("ID")] public string Id { get; set; } = "";
}

/// <summary>One of a build's <c>outputs</c>, or of its cache imports.</summary>
public sealed class BuildOutputOption
{
    public string Type { get; set; } = "";
    public Dictionary<string, string>? Attrs { get; set; }
}

public sealed class PushResult
{
    public string Tag { get; set; } = "";
    public string Digest { get; set; } = "";
    public long Size { get; set; }
}
