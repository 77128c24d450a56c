using System.Runtime.CompilerServices;

namespace Yun.Tests;

internal static class Repository
{
    /// <summary>The folder that holds Yun.slnx.</summary>
    public static string Root { get; } = FindRoot(Path.GetDirectoryName(SourcePath())!);

    /// <summary>Where <c>make</c> leaves the native programs; others can be tested by naming their folder in <c>YUN_TEST_PROGRAMS</c>.</summary>
    public static string Programs => Environment.GetEnvironmentVariable("YUN_TEST_PROGRAMS") is { Length: > 0 } others ? others : Path.Combine(Root, "artifacts", "bin");

    private static string FindRoot(string from) => File.Exists(Path.Combine(from, "Yun.slnx")) ? from : FindRoot(Path.GetDirectoryName(from)!);

    private static string SourcePath([CallerFilePath] string path = "") => path;
}
