using System.ComponentModel;
using System.Diagnostics;
using Yun.Protocol;

namespace Yun.Node;

/// <summary>Programs of this machine that make file systems.</summary>
internal static class HostProgram
{
    /// <summary>Runs one to its end, where the calling thread is: in its namespaces.</summary>
    /// <param name="failure">What to say, before the program's own words, when it fails.</param>
    /// <param name="missing">What to say when there is no such program.</param>
    /// <exception cref="EngineException">Internal: it failed. NotFound: it is missing.</exception>
    public static void Run(ProcessStartInfo start, string failure, string missing)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        try
        {
            using var process = Process.Start(start)!;
            // Together: a program that is not read from on one of them may wait for it for ever.
            var said = Task.WhenAll(process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
            process.WaitForExit();
            if (process.ExitCode != 0) throw new EngineException(ErrorKind.Internal, $"{failure}: {string.Concat(said.Result).Trim()}");
        }
        catch (Win32Exception error) { throw new EngineException(ErrorKind.NotFound, missing, error); }
    }
}
