using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Images;

/// <summary>The values of <c>--cache-from</c> and <c>--cache-to</c>: <c>type=TYPE,KEY=VALUE…</c>, or an image's name alone.</summary>
internal static class BuildCacheArgument
{
    /// <exception cref="FormatException">It is neither.</exception>
    public static BuildOutputOption Parse(string text)
    {
        if (!text.Contains('=', StringComparison.Ordinal)) return new BuildOutputOption { Type = "", Attrs = new() { ["ref"] = text } };
        var fields = KeyValue.ToMap(text.Split(','))!;
        var type = fields.GetValueOrDefault("type", "");
        if (type is not ("registry" or "inline")) throw new FormatException($"invalid cache '{text}': expected type=registry,ref=IMAGE{(type == "local" ? "; caches in folders are exchanged by buildx" : "")}");
        if (fields.Keys.FirstOrDefault(key => key is not ("type" or "ref" or "mode")) is { } unknown) throw new FormatException($"invalid cache '{text}': unexpected key '{unknown}', expected type, ref or mode");
        if (type == "registry" && string.IsNullOrEmpty(fields.GetValueOrDefault("ref"))) throw new FormatException($"invalid cache '{text}': ref is required");
        if (fields.GetValueOrDefault("mode", "min") is not ("min" or "max")) throw new FormatException($"invalid cache '{text}': expected mode=min or mode=max");
        fields.Remove("type");
        return new BuildOutputOption { Type = type, Attrs = fields };
    }

    /// <summary>As <see cref="Parse"/>, for what is to be written: an image's name alone is one in a registry.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static BuildOutputOption ParseTarget(string text) => Parse(text) is { Type: "" } named ? new BuildOutputOption { Type = "registry", Attrs = named.Attrs } : Parse(text);
}
