using Yun.Oci;

namespace Yun.Node.Builds.Dockerfiles;

/// <summary>Looks a Dockerfile over for what BuildKit's build checks warn of, as far as its text alone shows it; the texts are BuildKit's.</summary>
internal sealed class DockerfileChecks
{
    private readonly List<DockerfileWarning> _found = [];
    private readonly char _escape;

    private DockerfileChecks(char escape) => _escape = escape;

    public static IReadOnlyList<DockerfileWarning> Of(char escape, IReadOnlyList<ArgInstruction> global, IReadOnlyList<Stage> stages)
    {
        var checks = new DockerfileChecks(escape);
        checks.Casing([.. global, .. stages.SelectMany(s => s.Instructions.Prepend(s.From))]);
        foreach (var argument in global) checks.Secrets(argument);
        foreach (var stage in stages)
        {
            checks.From(stage.From, global);
            checks.Once(stage);
            checks.WorkingDirectories(stage, stages);
            foreach (var instruction in stage.Instructions) checks.Instruction(instruction, stage);
        }
        return checks._found;
    }

    private void Instruction(Instruction instruction, Stage stage)
    {
        switch (instruction)
        {
            case MaintainerInstruction:
                Warn(DockerfileRule.MaintainerDeprecated, "Maintainer instruction is deprecated in favor of using label", instruction);
                break;
            case CmdInstruction { Command.IsShellForm: true } or EntrypointInstruction { Command.IsShellForm: true } when !stage.Instructions.Exists(i => i is ShellInstruction):
                Warn(DockerfileRule.JsonArgsRecommended, $"JSON arguments recommended for {NameOf(instruction)} to prevent unintended behavior related to OS signals", instruction);
                break;
            case EnvInstruction or LabelInstruction when !Words.Quoted(instruction.Source!.Rest, _escape)[0].Contains('='):
                Warn(DockerfileRule.LegacyKeyValueFormat, $"\"{NameOf(instruction)} key=value\" should be used instead of legacy \"{NameOf(instruction)} key value\" format", instruction);
                break;
            case ExposeInstruction expose:
                foreach (var port in expose.Ports) Port(port, expose);
                break;
        }
        Secrets(instruction);
    }

    private void From(FromInstruction from, IReadOnlyList<ArgInstruction> global)
    {
        var words = Words.Plain(from.Source!.Rest);
        if (from.StageName is { } name && words[^1] is var written)
        {
            if (written != name) Warn(DockerfileRule.StageNameCasing, $"Stage name '{written}' should be lowercase", from);
            if (CaseOf(words[^2]) is var @as && (@as == LetterCase.Mixed || @as != CaseOf(from.Source.Keyword)))
                Warn(DockerfileRule.FromAsCasing, $"'{words[^2]}' and '{from.Source.Keyword}' keywords' casing do not match", from);
        }
        if (from.Platform is { } platform)
        {
            if (platform is "$TARGETPLATFORM" or "${TARGETPLATFORM}")
                Warn(DockerfileRule.RedundantTargetPlatform, $"Setting platform to predefined {platform} in FROM is redundant as this is the default behavior", from);
            else if (!platform.Contains('$') && !NamesPlatform(from.StageName, platform))
                Warn(DockerfileRule.FromPlatformFlagConstDisallowed, $"FROM --platform flag should not use constant value \"{platform}\"", from);
        }
        var known = global.SelectMany(g => g.Arguments).Select(a => a.Name).Concat(BuildArguments.PlatformNames).ToHashSet(StringComparer.Ordinal);
        foreach (var used in WordExpansion.Check(from.BaseName, _escape).Union(WordExpansion.Check(from.Platform ?? "", _escape)))
            if (!known.Contains(used)) Warn(DockerfileRule.UndefinedArgInFrom, $"FROM argument '{used}' is not declared{Suggestion.For(used, known)}", from);
        if (!from.BaseName.Contains('$') || DefaultOf(from.BaseName, global) is { Length: > 0 } whole && (whole == "scratch" || ImageReference.TryParse(whole, out _))) return;
        Warn(DockerfileRule.InvalidDefaultArgInFrom, $"Default value for ARG {from.BaseName} results in empty or invalid base image name", from);
    }

    private string? DefaultOf(string name, IReadOnlyList<ArgInstruction> global)
    {
        var values = BuildArguments.PlatformNames.ToDictionary(n => n, _ => "linux");
        try
        {
            foreach (var argument in global.SelectMany(g => g.Arguments))
                if (argument.Default is { } value) values[argument.Name] = WordExpansion.Word(value, _escape, values);
            return WordExpansion.Word(name, _escape, values);
        }
        catch (Protocol.EngineException)
        {
            return null;
        }
    }

    private void Once(Stage stage)
    {
        foreach (var same in stage.Instructions.Where(i => i is CmdInstruction or EntrypointInstruction or HealthcheckInstruction).GroupBy(NameOf))
            foreach (var earlier in same.SkipLast(1))
                Warn(DockerfileRule.MultipleInstructionsDisallowed, $"Multiple {same.Key} instructions should not be used in the same stage because only the last one will be used", earlier);
    }

    private void WorkingDirectories(Stage stage, IReadOnlyList<Stage> stages)
    {
        // What another stage has set, a stage that starts from it has too.
        if (stages.Any(s => s.Index < stage.Index && string.Equals(s.From.StageName, stage.From.BaseName, StringComparison.OrdinalIgnoreCase))) return;
        foreach (var workdir in stage.Instructions.OfType<WorkdirInstruction>())
        {
            var path = workdir.Path.Trim('"', '\'');
            if (path.StartsWith('/') || path.Contains('$')) return;
            Warn(DockerfileRule.WorkdirRelativePath, $"Relative workdir \"{path}\" can have unexpected results if the base image changes", workdir);
        }
    }

    private void Port(string port, ExposeInstruction expose)
    {
        if (port.Contains(':')) Warn(DockerfileRule.ExposeInvalidFormat, $"EXPOSE instruction should not define an IP address or host-port mapping, found '{port}'", expose);
        else if (port.IndexOf('/') is > 0 and var slash && !port.Contains('$') && port.AsSpan(slash).ContainsAnyInRange('A', 'Z'))
            Warn(DockerfileRule.ExposeProtoCasing, $"Defined protocol '{port}' in EXPOSE instruction should be lowercase", expose);
    }

    private void Secrets(Instruction instruction)
    {
        IEnumerable<string> names = instruction switch
        {
            ArgInstruction arguments => arguments.Arguments.Select(a => a.Name),
            EnvInstruction variables => variables.Variables.Select(v => v.Key),
            _ => [],
        };
        foreach (var name in names.Where(SecretName.Is))
            Warn(DockerfileRule.SecretsUsedInArgOrEnv, $"Do not use ARG or ENV instructions for sensitive data ({NameOf(instruction)} \"{name}\")", instruction);
    }

    private void Casing(IReadOnlyList<Instruction> all)
    {
        var lower = all.Count(i => CaseOf(i.Source!.Keyword) == LetterCase.Lower);
        var most = lower > all.Count(i => CaseOf(i.Source!.Keyword) == LetterCase.Upper) ? LetterCase.Lower : LetterCase.Upper;
        foreach (var instruction in all.Where(i => CaseOf(i.Source!.Keyword) != most))
            Warn(DockerfileRule.ConsistentInstructionCasing, $"Command '{instruction.Source!.Keyword}' should match the case of the command majority ({(most == LetterCase.Lower ? "lowercase" : "uppercase")})", instruction);
    }

    private void Warn(DockerfileRule rule, string problem, Instruction at) => _found.Add(new DockerfileWarning(rule, problem, at.Line));

    private static string NameOf(Instruction instruction) => instruction.Source!.Keyword.ToUpperInvariant();

    // "FROM --platform=linux/amd64 … AS build-amd64" says what it wants.
    private static bool NamesPlatform(string? stage, string platform) => stage is not null && platform.Split('/').Any(part => part.Length > 0 && stage.Contains(part, StringComparison.OrdinalIgnoreCase));

    private static LetterCase CaseOf(string word) => !word.Any(char.IsLower) ? LetterCase.Upper : !word.Any(char.IsUpper) ? LetterCase.Lower : LetterCase.Mixed;

    private enum LetterCase { Upper, Lower, Mixed }
}
