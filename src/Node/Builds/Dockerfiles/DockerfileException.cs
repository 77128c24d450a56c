namespace Yun.Node.Builds.Dockerfiles;

/// <summary>A Dockerfile that cannot be understood. <see cref="Line"/> is where the instruction begins, 0 for the file as a whole.</summary>
public sealed class DockerfileException(int line, string problem) : Exception(Text(line, problem))
{
    public int Line { get; } = line;

    public string Problem { get; } = problem;

    private static string Text(int line, string problem) =>
        line > 0 ? $"dockerfile parse error on line {line}: {problem}" : $"dockerfile parse error: {problem}";
}
