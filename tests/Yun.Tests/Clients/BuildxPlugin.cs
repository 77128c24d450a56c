using Yun.Tests.EndToEnd;

namespace Yun.Tests.Clients;

/// <summary>The distribution's buildx, as a plugin of the stock client.</summary>
internal static class BuildxPlugin
{
    private static readonly Lazy<string> s_program = new(() =>
    {
        var made = new Command(Path.Combine(Repository.Root, "scripts", "buildx")).RunAsync().GetAwaiter().GetResult();
        return made.ExitCode == 0 ? made.Text : "";
    });

    /// <summary><c>docker build</c> as it is where buildx is installed.</summary>
    public static Task<CommandResult> BuildAsync(Client docker, ScratchFolder files, params string[] flags)
    {
        var build = docker.Command(["build", "--progress", "plain", .. flags, files.Path]);
        build.Environment["DOCKER_BUILDKIT"] = "1";
        return build.RunAsync();
    }

    public static void PutInto(EndToEnd.Daemon daemon)
    {
        if (s_program.Value == "") Assert.Skip("The distribution has no docker-buildx.");
        var plugins = Directory.CreateDirectory(Path.Combine(daemon.Folder, "client", "cli-plugins"));
        var link = Path.Combine(plugins.FullName, "docker-buildx");
        if (!File.Exists(link)) File.CreateSymbolicLink(link, s_program.Value);
    }
}
