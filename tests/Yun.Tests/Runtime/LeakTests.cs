using Yun.Linux.Cgroups;
using Yun.Tests.EndToEnd;
using Yun.Tests.Runtime.Commands;

namespace Yun.Tests.Runtime;

public sealed class LeakTests : IDisposable
{
    private static readonly bool s_soak = Environment.GetEnvironmentVariable("YUN_SOAK") == "1";
    private readonly CommandLineBundle _bundle = new();

    public void Dispose() => _bundle.Dispose();

    [Fact]
    public async Task A_container_that_was_killed_and_deleted_leaves_nothing()
    {
        _bundle.Write(_bundle.Script("sleep 1000"));
        for (var i = 0; i < (s_soak ? 10_000 : 40); i++)
        {
            var id = _bundle.NewId();
            (await _bundle.QuietAsync("create", id)).Succeeded();
            (await _bundle.RunAsync("start", id)).Succeeded();
            (await _bundle.RunAsync("kill", id, "KILL")).Succeeded();
            (await _bundle.RunAsync("delete", "--force", id)).Succeeded();
        }
        await NothingIsLeftAsync();
    }

    [Theory, InlineData("create", false), InlineData("run", false), InlineData("create", true)]
    public async Task Whatever_a_runtime_killed_at_any_instant_left_is_deleted_by_force(string command, bool withUser)
    {
        var spec = _bundle.Script("sleep 1000");
        if (withUser) Namespaces.WithUser(spec);
        _bundle.Write(spec);
        var random = new Random(1);
        var finished = 0;
        for (var i = 0; i < (s_soak ? 1000 : 40); i++)
        {
            var id = _bundle.NewId();
            using (var runtime = new Command("/bin/sh", "-c", $"exec {TestTools.Runtime} --root {_bundle.State} {command} {id} </dev/null >/dev/null 2>&1") { WorkingDirectory = _bundle.Folder }.Start())
            {
                // From before the first thing is made to after the last.
                await Task.Delay(TimeSpan.FromMilliseconds(random.NextDouble() * 60));
                runtime.Kill();
                await runtime.WaitForExitAsync();
            }
            if (File.Exists(Path.Combine(_bundle.State, id, "state.json"))) finished++;
            (await _bundle.RunAsync("delete", "--force", id)).Succeeded();
        }
        Assert.InRange(finished, 1, (s_soak ? 1000 : 40) - 1);
        await NothingIsLeftAsync();
    }

    private async Task NothingIsLeftAsync()
    {
        Assert.Empty(Directory.GetFileSystemEntries(_bundle.State));
        foreach (var hierarchy in CgroupLayout.Machine.Hierarchies)
            Assert.DoesNotContain(Directory.GetDirectories(hierarchy.MountPoint), path => _bundle.Ids.Contains(Path.GetFileName(path)));
        Assert.DoesNotContain(File.ReadAllLines("/proc/self/mountinfo"), line => line.Contains(_bundle.Folder, StringComparison.Ordinal));
        // A child whose cgroup went before it had joined ends by itself.
        await Eventually.HoldsAsync(() => Task.FromResult(Processes().Count == 0));
    }

    private List<string> Processes()
    {
        var found = new List<string>();
        foreach (var directory in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out _)) continue;
            try
            {
                if (File.ReadAllText(directory + "/cmdline").Contains(_bundle.State, StringComparison.Ordinal) || File.ResolveLinkTarget(directory + "/cwd", false)?.FullName.StartsWith(_bundle.Folder, StringComparison.Ordinal) == true) found.Add(directory);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException) { } // It has just ended.
        }
        return found;
    }
}
