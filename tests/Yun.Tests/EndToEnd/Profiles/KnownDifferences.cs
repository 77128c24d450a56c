using System.Text.RegularExpressions;
using Yun.Linux.Seccomp;

namespace Yun.Tests.EndToEnd.Profiles;

/// <summary>Where this daemon follows a newer Docker than the one at hand, or goes beyond it, and why: <c>facts.differences</c> and <c>calls.differences</c>.</summary>
internal static class KnownDifferences
{
    private static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Repository.Root, "tests", "Yun.Tests", "EndToEnd", "Profiles", file));

    /// <summary>The lines that only one side has and that no entry explains.</summary>
    public static List<string> OfFacts(string[] theirs, string[] ours)
    {
        var entries = Lines("facts.differences").Where(l => l.Length > 2 && l[0] is '<' or '>').Select(l => (Side: l[0], Pattern: new Regex($"^{l[2..]}$"))).ToList();
        return [.. theirs.Except(ours).Select(l => ('<', l)).Concat(ours.Except(theirs).Select(l => ('>', l)))
            .Where(l => !entries.Exists(e => e.Side == l.Item1 && e.Pattern.IsMatch(l.l))).Select(l => $"{l.Item1} {l.l}")];
    }

    /// <summary>The calls that are answered neither as there nor as an entry says.</summary>
    /// <param name="unfiltered">The answers without a filter: what an allowed call gives.</param>
    public static List<string> OfCalls(SortedDictionary<string, string> theirs, SortedDictionary<string, string> ours, SortedDictionary<string, string> unfiltered, IReadOnlyCollection<string> capabilities)
    {
        var decisions = new Dictionary<string, string>();
        foreach (var line in Lines("calls.differences").Where(l => l.Contains(": ", StringComparison.Ordinal) && l[0] != '#'))
        {
            var (decision, names) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..].Split(' '));
            foreach (var key in names.SelectMany(Keys)) decisions[key] = decision;
        }
        string? Expected(string call) => decisions.TryGetValue(call, out var decision)
            ? decision == "allowed" || capabilities.Contains(decision) ? unfiltered[call] : "EPERM"
            : null;
        return [.. theirs.Keys.Where(call => ours[call] != theirs[call] && ours[call] != Expected(call)).Select(call => $"{call}: Docker {theirs[call]}, here {ours[call]}, without a filter {unfiltered[call]}")];
    }

    private static IEnumerable<string> Keys(string name)
    {
        if (name.Contains('.', StringComparison.Ordinal)) yield return name.Replace('.', ' ');
        foreach (var (architecture, prefix) in ((SyscallArchitecture, string)[])[(SyscallArchitecture.X64, "call"), (SyscallArchitecture.X86, "x86 call"), (SyscallArchitecture.X32, "x32 call")])
            if (SyscallTable.Number(name, architecture) is { } number) yield return $"{prefix} {number}";
    }
}
