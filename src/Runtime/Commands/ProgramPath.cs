using Yun.Linux;

namespace Yun.Runtime.Commands;

/// <summary>Programs of the machine that this one runs: CRIU, ps.</summary>
internal static class ProgramPath
{
    /// <summary>Where a program is, by PATH or as a path; null when it is nowhere.</summary>
    public static string? Find(string program)
    {
        if (program.Contains('/')) return Files.KindOf(program) == FileKind.Regular ? Path.GetFullPath(program) : null;
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            if (Files.KindOf(Path.Combine(folder, program)) == FileKind.Regular) return Path.Combine(folder, program);
        return null;
    }
}
