using Yun.Commands.Format.Templates;

namespace Yun.Commands.Format;

/// <summary>How a list is printed: as a table of chosen columns, as JSON, or by the user's template.</summary>
/// <param name="DefaultTable">The template of a table's line.</param>
/// <param name="Headers">What stands above a field in a table.</param>
public sealed record Listing(string DefaultTable, IReadOnlyDictionary<string, string> Headers)
{
    private const string TableWord = "table";

    /// <param name="format">What the user asked for; null is the default table.</param>
    public void Print(TextWriter output, string? format, IEnumerable<Row> rows) => output.Write(Text(format, rows));

    public string Text(string? format, IEnumerable<Row> rows)
    {
        if (format is null or "" or TableWord) return TableOf(DefaultTable, rows);
        if (format == "json") format = "{{json .}}";
        format = format.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal);
        if (format.StartsWith(TableWord, StringComparison.Ordinal)) return TableOf(format[TableWord.Length..].TrimStart(), rows);
        var template = Parse(format);
        return string.Concat(rows.Select(row => Apply(template, row) + "\n"));
    }

    private string TableOf(string line, IEnumerable<Row> rows)
    {
        var template = Parse(line);
        var header = new Row().AddMethod("Label", LabelHeader);
        foreach (var (name, text) in Headers) header.Add(name, () => text);
        return Table.Align(Apply(template, header) + "\n" + string.Concat(rows.Select(row => Apply(template, row) + "\n")));
    }

    private static string LabelHeader(string name) => name[(name.LastIndexOf('.') + 1)..].Replace('-', ' ').Replace('_', ' ');

    public static Template Parse(string format)
    {
        try
        {
            return Template.Parse(format);
        }
        catch (TemplateException error)
        {
            throw new FailureException($"template parsing error: {error.Message}");
        }
    }

    public static string Apply(Template template, object? data)
    {
        try
        {
            return template.Apply(data);
        }
        catch (TemplateException error)
        {
            throw new FailureException($"template parsing error: {error.Message}");
        }
    }
}
