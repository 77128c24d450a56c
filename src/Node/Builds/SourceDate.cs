using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>
/// The build argument <c>SOURCE_DATE_EPOCH</c> (reproducible-builds.org): no time in the result is later, so that what was built alike is alike to the last bit.
/// </summary>
internal sealed class SourceDate
{
    public const string ArgumentName = "SOURCE_DATE_EPOCH";

    private readonly FileTime _latest;

    private SourceDate(long seconds) => (Moment, _latest) = (DateTimeOffset.FromUnixTimeSeconds(seconds), new FileTime(seconds, 0));

    public DateTimeOffset Moment { get; }

    /// <returns>Null when the argument is not given.</returns>
    /// <exception cref="EngineException">It is no number of seconds since 1970.</exception>
    public static SourceDate? Of(IReadOnlyDictionary<string, string?> arguments)
    {
        const long secondsMax = 253402300799; // the end of the year 9999
        if (arguments.GetValueOrDefault(ArgumentName) is not { Length: > 0 } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= secondsMax ? new SourceDate(seconds)
            : throw new EngineException(ErrorKind.InvalidArgument, $"invalid {ArgumentName} '{text}': expected seconds since 1970");
    }

    /// <summary>Sets what is later back to it: a tree that nobody else changes, and its root.</summary>
    public void Apply(string directory)
    {
        using var root = PathDescriptor.Open(null, directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        ApplyInside(root);
        Apply(root, ".");
    }

    private void ApplyInside(SafeFileHandle folder)
    {
        foreach (var name in FileAt.Names(folder))
        {
            if (FileAt.Status(folder, name).Kind == FileKind.Directory)
            {
                using var inner = FileAt.Open(folder, name, OpenFlags.ReadOnly | OpenFlags.Directory);
                ApplyInside(inner);
            }
            Apply(folder, name);
        }
    }

    private void Apply(SafeFileHandle folder, string name)
    {
        var modified = FileAt.Status(folder, name).Modified;
        if (modified.Seconds > _latest.Seconds || modified.Seconds == _latest.Seconds && modified.Nanoseconds > 0) FileAt.ChangeTimes(folder, name, _latest, _latest);
    }
}
