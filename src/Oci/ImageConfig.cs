using System.Globalization;
using System.Text.Json.Serialization;

namespace Yun.Oci;

/// <summary>What an image is beside its files (OCI image spec, config.md, with Docker's additions). Its digest is the image's id.</summary>
public sealed record ImageConfig
{
    /// <summary>RFC 3339, kept as written: images carry nanoseconds, which <see cref="DateTimeOffset"/> cannot hold.</summary>
    public string? Created { get; set; }
    public string? Author { get; set; }
    public string Architecture { get; set; } = "";
    public string Os { get; set; } = "";
    [JsonPropertyName("os.version")] public string? OsVersion { get; set; }
    [JsonPropertyName("os.features")] public List<string>? OsFeatures { get; set; }
    public string? Variant { get; set; }
    public ImageRunConfig? Config { get; set; }
    public RootFs? Rootfs { get; set; }
    public List<ImageHistory>? History { get; set; }
    /// <summary>The container that the image was committed from, in images made by Docker.</summary>
    public string? Container { get; set; }
    [JsonPropertyName("docker_version")] public string? DockerVersion { get; set; }
    public string? Comment { get; set; }

    [JsonIgnore] public Platform Platform => new() { Os = Os, Architecture = Architecture, Variant = Variant, OsVersion = OsVersion, OsFeatures = OsFeatures };

    /// <summary>Null when the image does not say or says it wrongly: images made reproducible often leave it out.</summary>
    [JsonIgnore]
    public DateTimeOffset? CreatedAt =>
        DateTimeOffset.TryParse(Created, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}

/// <summary>The layers of an image by the digests of their uncompressed tars, bottom first.</summary>
public sealed record RootFs
{
    public string Type { get; set; } = "layers";
    [JsonPropertyName("diff_ids")] public List<Digest> DiffIds { get; set; } = [];
}

/// <summary>One step that made an image, oldest first.</summary>
public sealed record ImageHistory
{
    public string? Created { get; set; }
    [JsonPropertyName("created_by")] public string? CreatedBy { get; set; }
    public string? Author { get; set; }
    public string? Comment { get; set; }
    [JsonPropertyName("empty_layer"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public bool EmptyLayer { get; set; }

    [JsonIgnore]
    public DateTimeOffset? CreatedAt =>
        DateTimeOffset.TryParse(Created, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}

/// <summary>What a container of the image gets unless it is asked otherwise: the <c>config</c> of an image, in Docker's names.</summary>
public sealed record ImageRunConfig
{
    [JsonPropertyName("User")] public string? User { get; set; }
    [JsonPropertyName("ExposedPorts")] public Dictionary<string, EmptyObject>? ExposedPorts { get; set; }
    [JsonPropertyName("Env")] public List<string>? Env { get; set; }
    [JsonPropertyName("Entrypoint"), JsonConverter(typeof(StringOrListConverter))] public List<string>? Entrypoint { get; set; }
    [JsonPropertyName("Cmd"), JsonConverter(typeof(StringOrListConverter))] public List<string>? Cmd { get; set; }
    [JsonPropertyName("Volumes")] public Dictionary<string, EmptyObject>? Volumes { get; set; }
    [JsonPropertyName("WorkingDir")] public string? WorkingDir { get; set; }
    [JsonPropertyName("Labels")] public Dictionary<string, string>? Labels { get; set; }
    [JsonPropertyName("StopSignal")] public string? StopSignal { get; set; }
    [JsonPropertyName("StopTimeout")] public int? StopTimeout { get; set; }
    [JsonPropertyName("Healthcheck")] public HealthConfig? Healthcheck { get; set; }
    [JsonPropertyName("OnBuild")] public List<string>? OnBuild { get; set; }
    [JsonPropertyName("Shell"), JsonConverter(typeof(StringOrListConverter))] public List<string>? Shell { get; set; }
    [JsonPropertyName("ArgsEscaped")] public bool? ArgsEscaped { get; set; }
}

/// <summary>Durations are nanoseconds; 0 means inherit or the default (30 s, 30 s, 0 s, 5 s, 3 retries).</summary>
public sealed record HealthConfig
{
    /// <summary><c>[]</c> inherits, <c>["NONE"]</c> disables, else <c>CMD</c> or <c>CMD-SHELL</c> and arguments.</summary>
    [JsonPropertyName("Test"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public List<string>? Test { get; set; }
    [JsonPropertyName("Interval"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long Interval { get; set; }
    [JsonPropertyName("Timeout"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long Timeout { get; set; }
    [JsonPropertyName("StartPeriod"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long StartPeriod { get; set; }
    [JsonPropertyName("StartInterval"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public long StartInterval { get; set; }
    [JsonPropertyName("Retries"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public int Retries { get; set; }
}

/// <summary>The <c>{}</c> that Docker uses as the value of its sets.</summary>
public sealed class EmptyObject;
