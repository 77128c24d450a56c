using System.Globalization;
using Yun.Linux;

namespace Yun.Archives;

/// <summary>What stands at a path of a container.</summary>
/// <param name="LinkTarget">Where a symbolic link leads in the end, as a path of the container; empty for anything else.</param>
public sealed record PathStatus(string Name, FileKind Kind, uint Mode, long Size, DateTimeOffset ModifiedAt, string LinkTarget)
{
    internal static PathStatus Of(string name, FileStatus status, string linkTarget) => new(name, status.Kind, status.Mode, status.Size, status.Modified.ToDateTimeOffset(), linkTarget);

    /// <summary>One line, which <see cref="Parse"/> reads: the guest of a virtual machine says it to its engine.</summary>
    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{(int)Kind} {Mode} {Size} {ModifiedAt.UtcTicks} {Uri.EscapeDataString(Name)} {Uri.EscapeDataString(LinkTarget)}");

    /// <exception cref="FormatException">It is no such line.</exception>
    public static PathStatus Parse(string line) =>
        line.Split(' ') is [var kind, var mode, var size, var modified, var name, var target] && Enum.IsDefined((FileKind)int.Parse(kind, CultureInfo.InvariantCulture))
            && long.Parse(modified, CultureInfo.InvariantCulture) is var ticks && ticks >= DateTimeOffset.MinValue.UtcTicks && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new PathStatus(Uri.UnescapeDataString(name), (FileKind)int.Parse(kind, CultureInfo.InvariantCulture), uint.Parse(mode, CultureInfo.InvariantCulture), long.Parse(size, CultureInfo.InvariantCulture),
                new DateTimeOffset(ticks, TimeSpan.Zero), Uri.UnescapeDataString(target))
            : throw new FormatException("this is no status of a path");
}
