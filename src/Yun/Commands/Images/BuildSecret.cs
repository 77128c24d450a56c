using Yun.Commands.CommandLine;

namespace Yun.Commands.Images;

/// <summary>One <c>--secret</c> of <c>yun build</c>.</summary>
public sealed record BuildSecret(string Id, string? Path, string? Variable)
{
    private const long BytesMax = 500 << 10;

    /// <summary>Reads <c>id=ID[,src=PATH|,env=NAME]</c>; without either, a variable that is called like the id, or else a file.</summary>
    /// <exception cref="FormatException">It is not that.</exception>
    public static BuildSecret Parse(string text)
    {
        var fields = KeyValue.ToMap(text.Split(','))!;
        if (fields.Keys.FirstOrDefault(key => key is not ("type" or "id" or "src" or "source" or "env")) is { } unknown)
            throw new FormatException($"invalid secret '{text}': unexpected key '{unknown}', expected id, src or env");
        if (fields.GetValueOrDefault("type", "file") is not ("file" or "env")) throw new FormatException($"invalid secret '{text}': expected type=file or type=env");
        var source = fields.GetValueOrDefault("src") ?? fields.GetValueOrDefault("source");
        var variable = fields.GetValueOrDefault("env");
        if (fields.GetValueOrDefault("type") == "env") (variable, source) = (variable ?? source, null);
        var id = fields.GetValueOrDefault("id") ?? source ?? variable;
        if (string.IsNullOrEmpty(id)) throw new FormatException($"invalid secret '{text}': expected id=ID[,src=PATH|,env=NAME]");
        if (source is not null || variable is not null) return new BuildSecret(id, source, variable);
        return Environment.GetEnvironmentVariable(id) is null ? new BuildSecret(id, id, null) : new BuildSecret(id, null, id);
    }

    /// <exception cref="FailureException">It is not there, or is too large.</exception>
    public byte[] Read()
    {
        if (Variable is not null)
            return System.Text.Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(Variable) ?? throw new FailureException($"cannot read the secret {Id}: the variable {Variable} is not set"));
        try
        {
            if (new FileInfo(Path!).Length > BytesMax) throw new FailureException($"cannot read the secret {Id}: {Path} has more than {BytesMax >> 10} KiB");
            return File.ReadAllBytes(Path!);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"cannot read the secret {Id}: {error.Message}");
        }
    }
}
