using System.Text;
using Yun.Linux;

namespace Yun.Runtime.Commands.Checkpoints;

/// <summary>What a person wants to know of CRIU's log, which is a thousand lines.</summary>
internal static class CriuLog
{
    private const int BytesMax = 64 << 20;
    private const int ErrorsMax = 3;

    /// <summary>The last complaints but those that say no more than that it failed; null when it had none.</summary>
    public static string? LastWords(string log)
    {
        List<string> words = [], generic = [];
        foreach (var line in Read(log).Split('\n'))
        {
            var start = line.IndexOf("Error (", StringComparison.Ordinal);
            if (start < 0 || line.EndsWith(" FAILED.", StringComparison.Ordinal) || line.Contains("cgroupd: recv", StringComparison.Ordinal)) continue;
            // util.c speaks of programs that were tried and are not there; whoever missed one says so itself.
            var said = line[(line.IndexOf("): ", start, StringComparison.Ordinal) is > 0 and var end ? end + 3 : start)..].Trim();
            (line.AsSpan(start).StartsWith("Error (criu/util.c") ? generic : words).Add(said);
        }
        if (words.Count == 0) words = generic;
        return words.Count == 0 ? null : string.Join("; ", words[Math.Max(0, words.Count - ErrorsMax)..]);
    }

    /// <summary>Whether it gave up waiting for a process to stop at a breakpoint.</summary>
    public static bool EndsWaiting(string log)
    {
        var text = Read(log);
        return text.LastIndexOf(" to trap", StringComparison.Ordinal) > text.LastIndexOf("was trapped", StringComparison.Ordinal);
    }

    private static string Read(string log)
    {
        try { return Encoding.UTF8.GetString(KernelFile.TryReadBytes(log, BytesMax) ?? []); }
        catch (SyscallException) { return ""; }
    }
}
