using System.Text.Json.Serialization;

namespace Yun.DockerApi.Model;

/// <summary>One line of <c>GET /events</c>. The lower-case id, status and from are Docker's older form, still read by clients up to API 1.51.</summary>
public sealed class EventMessage
{
    [JsonPropertyName("status"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Status { get; set; }
    [JsonPropertyName("id"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Id { get; set; }
    [JsonPropertyName("from"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? From { get; set; }
    public string Type { get; set; } = "";
    public string Action { get; set; } = "";
    public EventActor Actor { get; set; } = new();
    [JsonPropertyName("scope")] public string Scope { get; set; } = "local";
    /// <summary>Seconds since 1970.</summary>
    [JsonPropertyName("time")] public long Time { get; set; }
    [JsonPropertyName("timeNano")] public long TimeNano { get; set; }
}

public sealed class EventActor
{
    [JsonPropertyName("ID")] public string Id { get; set; } = "";
    public Dictionary<string, string> Attributes { get; set; } = [];
}
