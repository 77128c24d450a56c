using System.CommandLine;
using Yun.Daemon;
using Yun.RegistryApi;

namespace Yun;

/// <summary><c>yun daemon</c>, also under the name <c>dockerd</c>, and <c>yun registry</c>: what serves.</summary>
internal static class DaemonProgram
{
    public static Task<int> RunAsync(string[] arguments)
    {
        var root = ProgramName.Text == ProgramName.Dockerd ? DaemonCommand.CreateAsDockerd()
            : new RootCommand("Containers, virtual machines and microservices on your own machines") { DaemonCommand.Create(), new Command("registry", "Registries") { RegistryServeCommand.Create() } };
        return root.Parse(arguments).InvokeAsync();
    }
}
