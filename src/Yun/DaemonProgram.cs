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
        // A daemon that has been told to stop ends when it has put everything away; the two seconds that commands get would cut that off on a busy machine.
        return root.Parse(arguments).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan });
    }
}
