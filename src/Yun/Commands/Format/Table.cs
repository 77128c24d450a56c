using System.Text;

namespace Yun.Commands.Format;

/// <summary>
/// Columns as Go's tabwriter aligns them for Docker: a cell ends at a tab, a column is as wide as its widest cell of neighbouring lines and three
/// more, at least ten, and what follows the last tab of a line belongs to no column.
/// </summary>
public static class Table
{
    private const int Padding = 3;
    private const int WidthMin = 10;

    public static string Align(string text, int padding = Padding, int widthMin = WidthMin)
    {
        var lines = text.TrimEnd('\n').Split('\n').Select(line => line.Split('\t')).ToList();
        var result = new StringBuilder();
        var widths = new int[lines.Count][];
        for (var i = 0; i < lines.Count; i++) widths[i] = new int[lines[i].Length - 1];
        for (var i = 0; i < lines.Count; i++)
        {
            for (var column = 0; column < widths[i].Length; column++)
            {
                if (widths[i][column] > 0) continue;
                // A column is a block of neighbouring lines that all have it.
                var end = i;
                var width = 0;
                for (; end < lines.Count && widths[end].Length > column; end++) width = Math.Max(width, Width(lines[end][column]));
                width = Math.Max(widthMin, width + padding);
                for (var line = i; line < end; line++) widths[line][column] = width;
            }
            for (var column = 0; column < widths[i].Length; column++)
            {
                var cell = lines[i][column];
                result.Append(cell).Append(' ', widths[i][column] - Width(cell));
            }
            result.Append(lines[i][^1]).Append('\n');
        }
        return result.ToString();
    }

    private static int Width(string cell)
    {
        var width = 0;
        foreach (var _ in cell.EnumerateRunes()) width++;
        return width;
    }
}
