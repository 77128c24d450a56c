using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Spec;

namespace Yun.Runtime.Commands;

/// <summary>A folder with config.json, as the OCI runtime specification lays it out.</summary>
internal static class Bundle
{
    private const int ConfigBytesMax = 16 << 20;

    public static RuntimeSpec Read(string bundle)
    {
        var path = Path.Combine(bundle, "config.json");
        return SpecReader.Read(KernelFile.TryReadBytes(path, ConfigBytesMax) ?? throw new UsageException($"{path} does not exist; --bundle must name a folder with a config.json"));
    }
}
