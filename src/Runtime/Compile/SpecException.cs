namespace Yun.Runtime.Compile;

/// <summary>The OCI spec asks for something wrong or impossible. The text begins with the field of config.json that is to be changed.</summary>
public sealed class SpecException(string field, string message) : Exception($"{field}: {message}")
{
    public string Field { get; } = field;
}
