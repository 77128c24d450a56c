using System.Text.Json;
using Yun.Oci;
using Yun.Tests.EndToEnd;
using Yun.Tests.Runtime.Commands;

namespace Yun.Tests.Runtime;

/// <summary>Containers that a user without any rights makes.</summary>
public sealed class RootlessTests : IDisposable
{
    private const string User = "1234", Group = "1235";

    private readonly CommandLineBundle _bundle = new() { Through = ["setpriv", "--reuid", User, "--regid", Group, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"] };

    public RootlessTests()
    {
        // As the user sees the machine: a folder of theirs, and nothing else that they may write to.
        new Command("chown", "-R", $"{User}:{Group}", _bundle.Folder).RunAsync().GetAwaiter().GetResult().Succeeded();
    }

    public void Dispose() => _bundle.Dispose();

    private async Task<RuntimeSpec> SpecAsync(string script)
    {
        File.Delete(Path.Combine(_bundle.Folder, "config.json"));
        (await _bundle.RunAsync("spec", "--rootless")).Succeeded();
        var spec = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(_bundle.Folder, "config.json")), RuntimeSpecJson.Default.RuntimeSpec)!;
        (spec.Process!.Terminal, spec.Process.Args) = (false, ["sh", "-c", script]);
        return spec;
    }

    private async Task<CommandResult> RunAsync(RuntimeSpec spec)
    {
        File.Delete(Path.Combine(_bundle.Folder, "config.json"));
        return await _bundle.RunAsync(spec);
    }

    [Fact]
    public async Task They_are_root_inside_and_themselves_outside()
    {
        var spec = await SpecAsync("id -u; echo $(cat /proc/self/uid_map); hostname; echo x >/dev/null && echo device; ls /sys/kernel >/dev/null && echo sys; echo x >/new; stat -c %u /new; cat /m/given");
        spec.Root!.Readonly = false;
        Directory.CreateDirectory(Path.Combine(_bundle.Folder, "given"));
        File.WriteAllText(Path.Combine(_bundle.Folder, "given/given"), "given\n");
        spec.Mounts!.Add(new SpecMount { Destination = "/m", Type = "bind", Source = "given", Options = ["rbind", "ro"] });
        Assert.Equal(["0", $"0 {User} 1", "yun", "device", "sys", "0", "given"], (await RunAsync(spec)).Succeeded().Lines);
        Assert.Equal(User, (await new Command("stat", "-c", "%u", Path.Combine(_bundle.Root, "new")).RunAsync()).Succeeded().Text);
    }

    [Fact]
    public async Task They_are_created_started_joined_listed_and_deleted()
    {
        var spec = await SpecAsync("sleep 1000");
        File.Delete(Path.Combine(_bundle.Folder, "config.json"));
        var id = await _bundle.CreateAsync(spec);
        (await _bundle.RunAsync("start", id)).Succeeded();
        Assert.Equal("running", await _bundle.StatusAsync(id));
        Assert.Equal(["0", "sleep"], (await _bundle.RunAsync("exec", id, "sh", "-c", "id -u; cat /proc/1/comm")).Succeeded().Lines);
        (await _bundle.RunAsync("kill", id, "KILL")).Succeeded();
        await Eventually.HoldsAsync(async () => await _bundle.StatusAsync(id) == "stopped");
        (await _bundle.RunAsync("delete", id)).Succeeded();
        Assert.Equal("", (await _bundle.RunAsync("list", "-q")).Succeeded().Text);
    }

    [Fact]
    public async Task The_root_of_a_user_namespace_makes_them_too()
    {
        // As under rootless Podman: the namespace is the engine's, and so is the mount namespace.
        var spec = await SpecAsync("id -u; echo x >/dev/null && echo device; test -d /proc/1 && echo proc");
        spec.Linux!.Namespaces!.RemoveAll(n => n.Type == "user");
        (spec.Linux.UidMappings, spec.Linux.GidMappings) = (null, null);
        File.Delete(Path.Combine(_bundle.Folder, "config.json"));
        _bundle.Write(spec);
        var command = new Command(_bundle.Through[0], [.. _bundle.Through.Skip(1), "unshare", "-Urm", TestTools.Runtime, "--root", _bundle.State, "run", _bundle.NewId()]) { WorkingDirectory = _bundle.Folder };
        Assert.Equal(["0", "device", "proc"], (await command.RunAsync()).Succeeded().Lines);
    }

    [Fact]
    public async Task What_takes_rights_that_they_have_not_is_said()
    {
        var spec = await SpecAsync("true");
        spec.Linux!.Resources = new() { Pids = new() { Limit = 10 } };
        (await RunAsync(spec)).FailedSaying("rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
        (spec.Linux.Resources, spec.Linux.CgroupsPath) = (null, "/given");
        (await RunAsync(spec)).FailedSaying("unable to apply cgroup configuration");
        spec.Linux.CgroupsPath = null;
        spec.Process!.User.AdditionalGids = [5];
        (await RunAsync(spec)).FailedSaying("process.user.additionalGids: cannot be set");
        spec.Process.User.AdditionalGids = null;
        spec.Linux.UidMappings!.Add(new() { ContainerId = 1, HostId = 5000, Size = 10 });
        (await RunAsync(spec)).FailedSaying("linux.uidMappings: ");
    }
}
