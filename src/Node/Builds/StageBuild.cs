using System.Globalization;
using Yun.Images;
using Yun.Node.Builds.Dockerfiles;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>Builds one stage: an image after each instruction, from the cache where the step was done before.</summary>
internal sealed partial class StageBuild(BuildRun run, Stage stage)
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private readonly BuildArguments _arguments = run.Arguments.BeginStage();
    private ImageRunConfig _config = new();
    private string? _author;
    private bool _commandSet;
    private BuildStep _step = null!; // the one that is done now

    public Stage Stage { get; } = stage;

    /// <summary>What the stage is by now; null is <c>scratch</c> with nothing added.</summary>
    public Image? Current { get; private set; }

    public async Task BuildAsync(PlannedStage planned, CancellationToken cancel)
    {
        await DoAsync(planned.From, () => BeginAsync(planned.From.Step, cancel), cancel);
        foreach (var next in planned.Steps) await DoAsync(next, () => ApplyAsync(next.Step, next.Instruction, cancel), cancel);
    }

    private async Task DoAsync(PlannedStep next, Func<Task> work, CancellationToken cancel)
    {
        await run.StagesAsync(next.Needs, cancel);
        cancel.ThrowIfCancellationRequested();
        await run.Output.StepAsync(next.Step, async () =>
        {
            await work();
            return Current?.Id;
        }, cancel);
    }

    /// <summary>FROM, with the triggers that the base image has for those who build on it.</summary>
    private async Task BeginAsync(BuildStep step, CancellationToken cancel)
    {
        _step = step;
        var baseImage = await run.FindBaseAsync(Stage, step, cancel);
        Current = baseImage;
        _config = baseImage?.Config.Config is { } config ? ConfigChange.Copy(config) : new ImageRunConfig();
        _author = baseImage?.Config.Author;
        if (_config.Env?.Exists(v => v.StartsWith("PATH=", StringComparison.Ordinal)) != true) (_config.Env ??= []).Add("PATH=" + DefaultPath);

        if (_config.OnBuild is not { Count: > 0 } triggers) return;
        _config.OnBuild = null;
        await run.Output.NoteAsync(_step, $"# Executing {triggers.Count} build trigger{(triggers.Count > 1 ? "s" : "")}", cancel);
        foreach (var trigger in triggers)
        {
            var instructions = Parse(trigger);
            if (instructions.Count != 1) throw new EngineException(ErrorKind.InvalidArgument, "onbuild trigger should be a single expression");
            await ApplyAsync(step, instructions[0], cancel);
        }
    }

    private async Task ApplyAsync(BuildStep step, Instruction written, CancellationToken cancel)
    {
        _step = step;
        var known = _arguments.Variables(_config.Env ?? []);
        // A trigger was written by somebody else.
        if (step.Line != Stage.From.Line)
        {
            foreach (var unknown in InstructionVariables.Check(written, run.Dockerfile.Escape).Where(name => !known.ContainsKey(name) && !_arguments.Declares(name)))
                await run.WarnAsync(new DockerfileWarning(DockerfileRule.UndefinedVar, $"Usage of undefined variable '${unknown}'{Suggestion.For($"${unknown}", known.Keys.Select(name => $"${name}"))}", written.Line), cancel);
        }
        await (new InstructionVariables(run.Dockerfile.Escape, known).Replace(written) switch
        {
            RunInstruction command => RunAsync(command, cancel),
            CopyInstruction copy => CopyAsync(copy, cancel),
            WorkdirInstruction workdir => WorkdirAsync(workdir, cancel),
            ArgInstruction argument => DeclareAsync(argument, cancel),
            MaintainerInstruction maintainer => MaintainAsync(maintainer, cancel),
            var instruction => ChangeAsync(instruction, cancel),
        });
    }

    private async Task ChangeAsync(Instruction instruction, CancellationToken cancel)
    {
        if (instruction is HealthcheckInstruction && _config.Healthcheck?.Test is { Count: > 0 } test && test[0] != "NONE")
            await run.Output.NoteAsync(_step, $"Note: overriding previous HEALTHCHECK: {GoText.List(test)}", cancel);
        var comment = ConfigChange.Apply(instruction, _config, ref _commandSet);
        await CommitNothingAsync(comment, cancel);
    }

    private Task DeclareAsync(ArgInstruction argument, CancellationToken cancel)
    {
        foreach (var (name, value) in argument.Arguments) _arguments.Declare(name, value);
        return CommitNothingAsync($"ARG {string.Join(' ', argument.Arguments.Select(a => a.Default is null ? a.Name : $"{a.Name}={a.Default}"))}", cancel);
    }

    private Task MaintainAsync(MaintainerInstruction maintainer, CancellationToken cancel)
    {
        _author = maintainer.Maintainer;
        return CommitNothingAsync($"MAINTAINER {maintainer.Maintainer}", cancel);
    }

    private async Task CommitNothingAsync(string comment, CancellationToken cancel)
    {
        var step = Step(ConfigChange.NopCommand(_config, comment));
        if (!await TryCacheAsync(step, cancel)) await CommitAsync(step, null, cancel);
    }

    private CacheStep Step(string command, string details = "") => new(Current?.Id, run.PlatformOf(Current).ToString(), command, _config, _author,
        run.SourceDate is { } date ? $"{details}\n{SourceDate.ArgumentName}={date.Moment.ToUnixTimeSeconds()}" : details);

    private bool UsesCache => !run.Request.NoCache && !run.Request.NoCacheStages.Contains(Stage.From.StageName);

    /// <summary>Waits while somebody else does the same step: then it is in the cache.</summary>
    private async Task<IDisposable?> TurnAsync(CacheStep step, CancellationToken cancel) => UsesCache ? await run.Turns.EnterAsync(step.Key(), cancel) : null;

    /// <summary>Takes the step's result from the cache if it is there.</summary>
    private async Task<bool> TryCacheAsync(CacheStep step, CancellationToken cancel)
    {
        if (!UsesCache) return false;
        if (await run.Cache.FindAsync(step, cancel) is { } image && run.CacheAllows(image) && run.Lease.TryHold(image)) Current = image;
        else if (ForeignCache.Find(Current, step.Command, run.CacheSources) is (true, var layer)) await CommitAsync(step, layer, cancel);
        else return false;
        await run.Output.CachedAsync(_step, cancel);
        return true;
    }

    /// <summary>Makes the image that the stage now stands on.</summary>
    /// <param name="layer">What the step added to the file system; null when it added nothing.</param>
    private async Task CommitAsync(CacheStep step, Layer? layer, CancellationToken cancel)
    {
        var now = (run.SourceDate?.Moment ?? run.Time.GetUtcNow()).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        var platform = run.PlatformOf(Current);
        var before = Current?.Config ?? new ImageConfig { Os = platform.Os, Architecture = platform.Architecture, Variant = platform.Variant };
        var entry = new ImageHistory { Created = now, CreatedBy = step.Command, Author = _author, EmptyLayer = layer is null };
        var config = before with
        {
            Created = now,
            Author = _author,
            Config = ConfigChange.Copy(_config),
            History = [.. before.History ?? [], entry],
            Container = null,
            Comment = null,
        };
        IReadOnlyList<Layer> below = Current?.Layers ?? [];
        var image = await run.Images.CreateImageAsync(config, layer is null ? below : [.. below, layer], run.Lease, Current?.Id, cancel);
        run.Cache.Remember(step, image);
        Current = image;
    }

    private static IReadOnlyList<Instruction> Parse(string trigger)
    {
        try
        {
            return Dockerfile.ParseInstructions(trigger);
        }
        catch (DockerfileException error)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"the ONBUILD trigger '{trigger}' of the base image is wrong: {error.Problem}", error);
        }
    }
}
