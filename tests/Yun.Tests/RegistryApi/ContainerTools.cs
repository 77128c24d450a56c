using Yun.Tests.EndToEnd;

namespace Yun.Tests.RegistryApi;

/// <summary>skopeo, podman and buildah from the distribution's packages, unpacked and not installed, with storage and configuration in a folder of their own.</summary>
internal sealed class ContainerTools(ScratchFolder folder)
{
    private static readonly Lazy<string> s_libraries = new(() => string.Join(':', ((string[])["libgpgme11", "libassuan0", "libsubid4"]).Select(package => $"{Unpacked(package)}/usr/lib/x86_64-linux-gnu")));

    public Task<CommandResult> SkopeoAsync(params string[] arguments) => RunAsync("skopeo", ["--insecure-policy", .. arguments]);

    public Task<CommandResult> PodmanAsync(params string[] arguments) => RunAsync("podman", [.. Storage, .. arguments]);

    public Task<CommandResult> BuildahAsync(params string[] arguments) => RunAsync("buildah", [.. Storage, .. arguments]);

    private string[] Storage => ["--root", folder["storage"], "--runroot", folder["run"], "--storage-driver", "vfs"];

    private Task<CommandResult> RunAsync(string program, string[] arguments)
    {
        folder.Write("policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
        // Pulling and pushing start nothing, but podman wants to know that it could.
        folder.Write("containers.conf", $"[engine]\nconmon_path = [\"{Unpacked("conmon")}/usr/bin/conmon\"]\nevents_logger = \"none\"\ncgroup_manager = \"cgroupfs\"\n[engine.runtimes]\nrunc = [\"{TestTools.Runtime}\"]\n");
        if (!File.Exists(folder["auth.json"])) folder.Write("auth.json", "{}");
        folder.Write("home/.config/containers/policy.json", folder.Read("policy.json"));
        var command = new Command($"{Unpacked(program)}/usr/bin/{program}", arguments);
        command.Environment["LD_LIBRARY_PATH"] = s_libraries.Value;
        command.Environment["HOME"] = folder["home"];
        command.Environment["TMPDIR"] = folder.Path;
        command.Environment["CONTAINERS_CONF"] = folder["containers.conf"];
        command.Environment["REGISTRY_AUTH_FILE"] = folder["auth.json"];
        return command.RunAsync();
    }

    internal static string Unpacked(string package)
    {
        if (System.Runtime.InteropServices.RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64) Assert.Skip("The tools are unpacked for x86-64 only.");
        var made = new Command(Path.Combine(Repository.Root, "scripts", "unpacked"), package).RunAsync().GetAwaiter().GetResult();
        if (made.ExitCode != 0) Assert.Skip($"The distribution has no {package} to be unpacked: {made.Error.Trim()}");
        return made.Text;
    }
}
