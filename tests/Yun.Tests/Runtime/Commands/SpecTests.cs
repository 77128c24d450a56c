using Yun.Oci;
using Yun.Runtime.Spec;

namespace Yun.Tests.Runtime.Commands;

public sealed class SpecTests
{
    [Fact]
    public async Task The_strict_spec_is_the_strict_profile_and_runs()
    {
        using var bundle = new CommandLineBundle();
        (await bundle.RunAsync("spec", "--profile", "strict")).Succeeded();
        var spec = SpecReader.Read(File.ReadAllBytes(Path.Combine(bundle.Folder, "config.json")));
        Assert.Equal(StrictProfile.Capabilities, spec.Process!.Capabilities!.Bounding);
        (spec.Process.Terminal, spec.Process.Args) = (false, ["sh", "-c", "grep -E 'NoNewPrivs|Seccomp:' /proc/self/status | cut -f2; ulimit -c; mknod /dev/x c 1 3 2>/dev/null || echo refused; awk '{ print $3 }' /proc/self/uid_map; stat -c %u /bin"]);
        Assert.Equal(["1", "2", "0", "refused", "65536", "0"], (await bundle.RunAsync(spec)).Succeeded().Lines);
    }

    [Fact]
    public async Task A_profile_that_there_is_not_is_refused_and_nothing_is_written()
    {
        using var bundle = new CommandLineBundle();
        (await bundle.RunAsync("spec", "--profile", "lax")).FailedSaying("there is no profile 'lax'");
        Assert.False(File.Exists(Path.Combine(bundle.Folder, "config.json")));
    }
}
