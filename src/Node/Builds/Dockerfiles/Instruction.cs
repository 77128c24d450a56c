using Yun.Oci;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>One instruction, its syntax checked, its variables not yet replaced.</summary>
/// <param name="Text">As written, continued lines joined; what the build prints.</param>
public abstract record Instruction(string Text, int Line)
{
    /// <summary>What it was read from; null for one that stands in no file.</summary>
    public InstructionText? Source { get; init; }
}

/// <param name="StageName">In lower case.</param>
public sealed record FromInstruction(string Text, int Line, string BaseName, string? StageName, string? Platform) : Instruction(Text, Line);

public sealed record ArgInstruction(string Text, int Line, IReadOnlyList<ArgDeclaration> Arguments) : Instruction(Text, Line);

public sealed record ArgDeclaration(string Name, string? Default);

public sealed record EnvInstruction(string Text, int Line, IReadOnlyList<KeyValuePair<string, string>> Variables) : Instruction(Text, Line);

public sealed record LabelInstruction(string Text, int Line, IReadOnlyList<KeyValuePair<string, string>> Labels) : Instruction(Text, Line);

public sealed record MaintainerInstruction(string Text, int Line, string Maintainer) : Instruction(Text, Line);

/// <summary>COPY, or ADD when <see cref="IsAdd"/>: ADD also unpacks local archives and fetches addresses.</summary>
/// <param name="From">A stage or an image to copy from instead of the context.</param>
public sealed record CopyInstruction(
    string Text, int Line, bool IsAdd, IReadOnlyList<string> Sources, IReadOnlyList<HereDocument> Documents, string Destination,
    string? From, string? Owner, string? Mode, bool Link, bool Parents, IReadOnlyList<string> Excludes, string? Checksum) : Instruction(Text, Line)
{
    public string Name => IsAdd ? "ADD" : "COPY";
}

/// <param name="Mounts">As written; <see cref="RunMount"/> reads them once their variables are replaced.</param>
public sealed record RunInstruction(
    string Text, int Line, CommandLine Command, IReadOnlyList<HereDocument> Documents, IReadOnlyList<string> Mounts, string? Network) : Instruction(Text, Line);

public sealed record CmdInstruction(string Text, int Line, CommandLine Command) : Instruction(Text, Line);

public sealed record EntrypointInstruction(string Text, int Line, CommandLine Command) : Instruction(Text, Line);

public sealed record HealthcheckInstruction(string Text, int Line, HealthConfig Health) : Instruction(Text, Line);

public sealed record ExposeInstruction(string Text, int Line, IReadOnlyList<string> Ports) : Instruction(Text, Line);

public sealed record UserInstruction(string Text, int Line, string User) : Instruction(Text, Line);

public sealed record VolumeInstruction(string Text, int Line, IReadOnlyList<string> Paths) : Instruction(Text, Line);

public sealed record WorkdirInstruction(string Text, int Line, string Path) : Instruction(Text, Line);

public sealed record StopSignalInstruction(string Text, int Line, string Signal) : Instruction(Text, Line);

public sealed record ShellInstruction(string Text, int Line, IReadOnlyList<string> Shell) : Instruction(Text, Line);

/// <param name="Trigger">The instruction that runs when another build starts from this image, here-documents included.</param>
public sealed record OnBuildInstruction(string Text, int Line, string Trigger) : Instruction(Text, Line);

/// <summary>A command in exec form, or in shell form: one string for the SHELL.</summary>
public sealed record CommandLine(IReadOnlyList<string> Arguments, bool IsShellForm)
{
    /// <summary>What is executed, given the SHELL in force.</summary>
    public List<string> Resolve(IReadOnlyList<string> shell) => IsShellForm && Arguments.Count > 0 ? [.. shell, .. Arguments] : [.. Arguments];
}
