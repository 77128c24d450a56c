using System.Text.Json;
using Yun.Oci;

namespace Yun.Runtime.Commands;

/// <summary><c>spec</c>: writes a config.json to begin with.</summary>
internal static class SpecCommand
{
    public static int Run(CommandLine line)
    {
        var bundle = ".";
        line.Options((name, value) =>
        {
            if (name is not ("--bundle" or "-b")) return false;
            bundle = value();
            return true;
        });
        var path = Path.Combine(bundle, "config.json");
        if (File.Exists(path)) throw new UsageException($"{path} exists already; remove it first");
        using var file = File.Create(path);
        using var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        JsonSerializer.Serialize(writer, DefaultSpec.Make(), RuntimeSpecJson.Default.RuntimeSpec);
        return 0;
    }
}
