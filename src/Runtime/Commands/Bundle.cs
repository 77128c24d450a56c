using Yun.Oci;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>A folder with config.json, as the OCI runtime specification lays it out.</summary>
internal static class Bundle
{
    private const long ConfigBytesMax = 16 << 20;

    public static RuntimeSpec Read(string bundle)
    {
        var path = Path.Combine(bundle, "config.json");
        var file = new FileInfo(path);
        if (!file.Exists) throw new UsageException($"{path} does not exist; --bundle must name a folder with a config.json");
        if (file.Length > ConfigBytesMax) throw new UsageException($"{path} is larger than {ConfigBytesMax} bytes");
        return SpecReader.Read(File.ReadAllBytes(path));
    }
}
