using Yun.Linux;

namespace Yun.Runtime.Walker;

/// <summary>
/// A list of system calls for the walker, being written. It owns the unmanaged memory that the list and its arguments live in. A step's
/// <c>purpose</c> is what a person reads when the step fails: words after "unable to", such as "mount /proc".
/// </summary>
internal sealed unsafe class SyscallProgram : IDisposable
{
    private const int StepsMax = 8192;
    private readonly Step* _steps;
    private readonly List<StepText> _texts = new(160);

    public SyscallProgram()
    {
        Arena = new Arena(4 << 20, WalkerCode.ForThisMachine);
        _steps = (Step*)Arena.Allocate((nuint)(sizeof(Step) * StepsMax));
        Report = Arena.Place(new Report { Descriptor = -1 });
    }

    public Arena Arena { get; }
    public Report* Report { get; }
    public int Count => _texts.Count;
    public Step* Steps => _steps;
    public IReadOnlyList<StepText> Texts => _texts;

    /// <summary>A place for a result.</summary>
    public Slot Slot(string name) => new(Arena.Place(-1L), name);

    public Argument Text(string text) => Argument.Text(Arena.Text(text));

    /// <summary>Appends a step and returns it for further settings; they must be made before the next step is added.</summary>
    public StepEditor Add(string purpose, Syscall call, Argument a = default, Argument b = default, Argument c = default, Argument d = default, Argument e = default, Argument f = default)
    {
        if (Count == StepsMax) throw new InvalidOperationException($"The start of this container takes more than {StepsMax} system calls.");
        var step = _steps + Count;
        step->Number = SyscallNumber.Of(call);
        for (var i = 0; i < 4; i++) step->Tolerated[i] = Step.NoErrno;
        Set(step, 0, a); Set(step, 1, b); Set(step, 2, c); Set(step, 3, d); Set(step, 4, e); Set(step, 5, f);
        _texts.Add(new StepText(purpose, call, [a, b, c, d, e, f]));
        return new StepEditor(this, Count - 1);
    }

    private static void Set(Step* step, int index, Argument argument)
    {
        step->Arguments[index] = argument.Value;
        if (argument.Kind == ArgumentKind.Result) step->Indirect |= 1u << index;
    }

    public void Dispose() => Arena.Dispose();
}

/// <summary>What a step says to a reader.</summary>
internal sealed record StepText(string Purpose, Syscall Call, Argument[] Arguments)
{
    public string? ResultName { get; set; }

    /// <summary>Whether a failure here is the container's program's, and not the start's.</summary>
    public bool IsProgram { get; set; }
}

/// <summary>Sets what a step does with its result. Only for the step just added or one whose skips are now known.</summary>
internal readonly unsafe struct StepEditor(SyscallProgram program, int index)
{
    public int Index { get; } = index;
    private Step* Step => program.Steps + Index;

    public StepEditor Into(Slot slot)
    {
        Step->Result = slot.Place;
        program.Texts[Index].ResultName = slot.Name;
        return this;
    }

    /// <summary>These error numbers are fine: the program goes on, past <paramref name="skip"/> steps.</summary>
    public StepEditor Tolerate(ReadOnlySpan<Errno> errnos, int skip = 0)
    {
        for (var i = 0; i < errnos.Length; i++) Step->Tolerated[i] = (ushort)errnos[i];
        Step->SkipWhenTolerated = (ushort)skip;
        return this;
    }

    public StepEditor Tolerate(Errno errno, int skip = 0) => Tolerate([errno], skip);

    /// <summary>After success, leave out so many steps.</summary>
    public StepEditor SkipOnSuccess(int steps)
    {
        Step->SkipOnSuccess = (ushort)steps;
        return this;
    }

    public StepEditor AtLeast(long least)
    {
        Step->Least = least;
        return this;
    }

    public StepEditor OfProgram()
    {
        program.Texts[Index].IsProgram = true;
        return this;
    }

    /// <summary>Sets the skips so that the program goes on at the step that will be added next.</summary>
    public void SkipToHere(bool onSuccess, bool whenTolerated)
    {
        var steps = (ushort)(program.Count - Index - 1);
        if (onSuccess) Step->SkipOnSuccess = steps;
        if (whenTolerated) Step->SkipWhenTolerated = steps;
    }
}
