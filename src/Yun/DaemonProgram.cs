using System.CommandLine;
using Yun.Daemon;

namespace Yun;

/// <summary><c>yun daemon</c>.</summary>
internal static class DaemonProgram
{
    public static Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand("Containers, virtual machines and microservices on your own machines") { DaemonCommand.Create() };
        return root.Parse(arguments).InvokeAsync();
    }
}
