namespace Yun.DockerApi.Model;

/// <summary>A line of <c>POST /yun/v1/system/verify</c>; there is one for each thing in the store that is not what it was.</summary>
public sealed class DamageMessage
{
    /// <summary>image, content or layer.</summary>
    public string Kind { get; set; } = "";
    public string Id { get; set; } = "";
    public string Reason { get; set; } = "";
    public List<string> Images { get; set; } = [];
    public bool IsRepaired { get; set; }
    public string? Outcome { get; set; }
}
