using System.Text.Json;

namespace Yun.Tests.Runtime.Commands;

public sealed class FeaturesTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    private static string[] Texts(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetString()!)];

    [Fact]
    public async Task What_is_told_has_the_shape_that_engines_read()
    {
        using var document = JsonDocument.Parse((await _bundle.RunAsync("features")).Succeeded().Output);
        var features = document.RootElement;
        Assert.Equal(("1.0.0", "1.3.0"), (features.GetProperty("ociVersionMin").GetString(), features.GetProperty("ociVersionMax").GetString()));
        Assert.Equal(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"], Texts(features.GetProperty("hooks")));
        Assert.Superset(new HashSet<string>(["ro", "rro", "rprivate", "idmap", "ridmap", "tmpcopyup", "nosymfollow", "rbind"]), Texts(features.GetProperty("mountOptions")).ToHashSet());
        var linux = features.GetProperty("linux");
        Assert.Equal(["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"], Texts(linux.GetProperty("namespaces")));
        Assert.Contains("SCMP_ACT_NOTIFY", Texts(linux.GetProperty("seccomp").GetProperty("actions")));
        Assert.True(linux.GetProperty("mountExtensions").GetProperty("idmap").GetProperty("enabled").GetBoolean());
        Assert.False(linux.GetProperty("cgroup").GetProperty("systemd").GetBoolean());
        Assert.True(linux.GetProperty("netDevices").GetProperty("enabled").GetBoolean());
        Assert.Contains("MPOL_BIND", Texts(linux.GetProperty("memoryPolicy").GetProperty("modes")));
        Assert.False(linux.GetProperty("intelRdt").GetProperty("enabled").GetBoolean());
    }
}
