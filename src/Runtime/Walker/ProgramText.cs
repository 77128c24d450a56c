using System.Runtime.InteropServices;
using System.Text;
using Yun.Linux;

namespace Yun.Runtime.Walker;

/// <summary>Prints a program, one step a line, the same on every run: what <c>yun-runtime plan</c> shows and the golden tests hold.</summary>
internal static unsafe class ProgramText
{
    public static string Print(SyscallProgram program)
    {
        var text = new StringBuilder();
        for (var i = 0; i < program.Count; i++) AppendStep(text, program, i);
        return text.ToString();
    }

    private static void AppendStep(StringBuilder text, SyscallProgram program, int index)
    {
        var step = program.Steps + index;
        var said = program.Texts[index];
        text.Append($"{index,4} {said.Call}(");
        var last = Array.FindLastIndex(said.Arguments, a => a.Kind != ArgumentKind.Number || a.Value != 0 || a.Name is not null);
        for (var i = 0; i <= last; i++)
        {
            if (i > 0) text.Append(", ");
            AppendArgument(text, said.Arguments[i]);
        }
        text.Append(')');
        if (said.ResultName is not null) text.Append($" -> {said.ResultName}");
        if (step->Least != 0) text.Append($" at least {step->Least}");
        if (step->SkipOnSuccess > 0) text.Append($" then to {index + 1 + step->SkipOnSuccess}");
        AppendTolerated(text, step, index);
        text.Append($"  # {said.Purpose}\n");
    }

    private static void AppendTolerated(StringBuilder text, Step* step, int index)
    {
        var names = new List<string>();
        for (var i = 0; i < 4; i++)
            if (step->Tolerated[i] != Step.NoErrno) names.Add(step->Tolerated[i] == 0 ? "0" : ((Errno)step->Tolerated[i]).ToString());
        if (names.Count == 0) return;
        text.Append($" [{string.Join('|', names)}");
        if (step->SkipWhenTolerated > 0) text.Append($" to {index + 1 + step->SkipWhenTolerated}");
        text.Append(']');
    }

    private static void AppendArgument(StringBuilder text, Argument argument)
    {
        switch (argument.Kind)
        {
            case ArgumentKind.Text: text.Append('"').Append(Marshal.PtrToStringUTF8((nint)argument.Value)?.Replace("\n", "\\n", StringComparison.Ordinal)).Append('"'); break;
            case ArgumentKind.Memory: text.Append('{').Append(argument.Name).Append('}'); break;
            case ArgumentKind.Descriptor: text.Append('<').Append(argument.Name).Append('>'); break;
            case ArgumentKind.Result: text.Append('$').Append(argument.Name); break;
            default: text.Append(argument.Name ?? (argument.Value is > 4096 or < -4096 ? $"0x{argument.Value:x}" : $"{argument.Value}")); break;
        }
    }
}
