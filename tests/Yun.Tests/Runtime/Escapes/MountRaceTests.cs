using System.Runtime.InteropServices;
using Yun.Oci;
using Yun.Runtime;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Runtime.Escapes;

/// <summary>A container that shares a folder with the one being started and exchanges a directory for a link to the host, over and over.</summary>
public sealed partial class MountRaceTests : IDisposable
{
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("YUN_SOAK") == "1" ? 60 : 5);
    private readonly BusyboxBundle _bundle = new();
    private readonly Canary _canary = new();
    private readonly ScratchFolder _shared = new(("a/real", ""), ("keep", ""));
    private volatile bool _stop;
    private long _swaps;

    public void Dispose()
    {
        _bundle.Dispose();
        _shared.Dispose();
        _canary.Dispose();
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int from, string path, int to, string newPath, uint flags);

    [Theory, InlineData("tmpfs"), InlineData("bind"), InlineData("file")]
    public void The_same_exchange_leads_a_start_by_paths_to_the_host(string kind)
    {
        File.CreateSymbolicLink(_shared["b"], _canary.Path);
        var swapper = new Thread(Swap);
        swapper.Start();
        try { Assert.True(NaiveMounts.Reach(kind, _shared["a"], _canary.Path, TimeSpan.FromSeconds(60)), $"in {_swaps} exchanges the host was never reached, so the race cannot be seen here"); }
        finally
        {
            _stop = true;
            swapper.Join();
        }
    }

    private void Swap()
    {
        const int here = -100;
        const uint exchange = 2;
        while (!_stop) if (renameat2(here, _shared["a"], here, _shared["b"], exchange) == 0) _swaps++;
    }

    [Theory, InlineData("tmpfs"), InlineData("bind"), InlineData("file")]
    public void CVE_2021_30465_and_CVE_2024_45310_a_destination_that_changes_never_leads_to_the_host(string kind)
    {
        File.CreateSymbolicLink(_shared["b"], _canary.Path);
        var swapper = new Thread(Swap);
        swapper.Start();
        var (until, starts, outputs) = (DateTime.UtcNow + s_duration, 0, new List<string>());
        try
        {
            while (DateTime.UtcNow < until)
            {
                var spec = _bundle.Spec("sh", "-c", $"cat {_canary.Path}/file /v/a/file /v/a/d/file 2>/dev/null; true");
                spec.Mounts!.Add(new SpecMount { Destination = "/v", Type = "bind", Source = _shared.Path, Options = ["rbind"] });
                spec.Mounts.Add(kind switch
                {
                    "tmpfs" => new SpecMount { Destination = "/v/a/d", Type = "tmpfs", Source = "tmpfs" },
                    "bind" => new SpecMount { Destination = "/v/a/d", Type = "bind", Source = "/etc/apt", Options = ["rbind"] },
                    _ => new SpecMount { Destination = "/v/a/d/f", Type = "bind", Source = "/etc/hostname", Options = ["bind"] },
                });
                spec.Linux!.Devices = [new SpecDevice { Path = "/v/a/device", Type = "c", Major = 1, Minor = 3 }];
                starts++;
                try { outputs.Add(_bundle.Run(spec).Output); }
                catch (LaunchException) { } // The link leads to a place that the container does not have.
            }
        }
        finally
        {
            _stop = true;
            swapper.Join();
        }
        Assert.True(_swaps > starts && starts > 10, $"{_swaps} exchanges during {starts} starts show nothing");
        Assert.All(outputs, output => Assert.DoesNotContain(Canary.Secret, output));
        _canary.AssertUntouched();
        Assert.DoesNotContain(File.ReadAllLines("/proc/self/mountinfo"), line => line.Contains(_shared.Path, StringComparison.Ordinal) || line.Contains(_canary.Path, StringComparison.Ordinal) || line.Contains(_bundle.Folder, StringComparison.Ordinal));
    }
}
