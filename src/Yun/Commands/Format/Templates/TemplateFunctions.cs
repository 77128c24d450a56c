using System.Globalization;

namespace Yun.Commands.Format.Templates;

/// <summary>Go's and Docker's functions for templates.</summary>
internal static class TemplateFunctions
{
    private static readonly Dictionary<string, Func<List<object?>, object?>> s_functions = new()
    {
        ["json"] = a => GoText.Json(One(a)),
        ["len"] = a => Length(One(a)),
        ["index"] = Index,
        ["slice"] = a => a[0] is List<object?> list ? Range(a, list.Count) is var items ? list.GetRange(items.From, items.Length) : null
            : Range(a, Text(a, 0).Length) is var part ? Text(a, 0).Substring(part.From, part.Length) : null,
        ["print"] = a => Print(a),
        ["println"] = a => string.Join(' ', a.Select(GoText.Of)) + "\n",
        ["printf"] = a => Printf.Format(GoText.Of(a.FirstOrDefault()), a.Skip(1).ToList()),
        ["not"] = a => !IsTrue(One(a)),
        ["eq"] = a => a.Skip(1).Any(other => AreEqual(a[0], other)),
        ["ne"] = a => !AreEqual(a[0], a[1]),
        ["lt"] = a => Compare(a) < 0,
        ["le"] = a => Compare(a) <= 0,
        ["gt"] = a => Compare(a) > 0,
        ["ge"] = a => Compare(a) >= 0,
        ["split"] = a => Text(a, 0).Split(Text(a, 1)).Cast<object?>().ToList(),
        ["join"] = a => a[0] is List<object?> list ? string.Join(Text(a, 1), list.Select(GoText.Of)) : GoText.Of(a[0]),
        ["title"] = a => Text(a, 0) is { Length: > 0 } text ? char.ToUpperInvariant(text[0]) + text[1..] : "",
        ["lower"] = a => Text(a, 0).ToLowerInvariant(),
        ["upper"] = a => Text(a, 0).ToUpperInvariant(),
        ["pad"] = a => Text(a, 0) is { Length: > 0 } text ? new string(' ', Integer(a, 1)) + text + new string(' ', Integer(a, 2)) : "",
        ["truncate"] = a => Text(a, 0) is var text && text.Length > Integer(a, 1) ? text[..Integer(a, 1)] : text,
        ["html"] = a => System.Net.WebUtility.HtmlEncode(Print(a)),
        ["urlquery"] = a => Uri.EscapeDataString(Print(a)),
    };

    public static bool Exists(string name) => name is "and" or "or" || s_functions.ContainsKey(name);

    public static object? Call(string name, List<object?> arguments)
    {
        try
        {
            return s_functions[name](arguments);
        }
        catch (Exception error) when (error is ArgumentException or InvalidCastException)
        {
            throw new TemplateException($"error calling {name}: wrong number or kind of arguments");
        }
    }

    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool truth => truth,
        string text => text.Length > 0,
        long integer => integer != 0,
        int integer => integer != 0,
        double real => real != 0,
        List<object?> list => list.Count > 0,
        TypedJson { IsStruct: false } map => map.Count > 0,
        _ => true,
    };

    private static object? One(List<object?> arguments) => arguments.Count == 1 ? arguments[0] : throw new ArgumentException("one argument");

    private static string Text(List<object?> arguments, int index) => GoText.Of(arguments[index]);

    private static int Integer(List<object?> arguments, int index) => Convert.ToInt32(arguments[index], CultureInfo.InvariantCulture);

    private static string Print(List<object?> arguments)
    {
        // Spaces only between operands when neither is a string, as fmt.Sprint.
        var text = "";
        for (var i = 0; i < arguments.Count; i++)
        {
            if (i > 0 && arguments[i] is not string && arguments[i - 1] is not string) text += " ";
            text += GoText.Of(arguments[i]);
        }
        return text;
    }

    private static long Length(object? value) => value switch
    {
        string text => System.Text.Encoding.UTF8.GetByteCount(text),
        List<object?> list => list.Count,
        TypedJson { IsStruct: false } map => map.Count,
        null => throw new TemplateException("error calling len: len of nil pointer"),
        _ => throw new TemplateException("error calling len: len of type without a length"),
    };

    private static object? Index(List<object?> arguments)
    {
        var value = arguments[0];
        foreach (var key in arguments.Skip(1))
        {
            value = value switch
            {
                null => throw new TemplateException("error calling index: index of untyped nil"),
                List<object?> list when key is long at => at >= 0 && at < list.Count ? list[(int)at]
                    : throw new TemplateException($"error calling index: index out of range: {at}"),
                string text when key is long at => at >= 0 && at < text.Length ? (long)text[(int)at]
                    : throw new TemplateException($"error calling index: index out of range: {at}"),
                ITemplateObject item when key is string name => item.TryGet(name, out var found) ? found : null,
                _ => throw new TemplateException($"error calling index: cannot index {GoText.Of(value)} with {GoText.Of(key)}"),
            };
        }
        // Go gives the element type's zero for a key that is not there; most maps hold strings, lists or structs, all of which print as nothing.
        return value ?? (arguments.Count > 1 && arguments[0] is TypedJson { IsStruct: false } ? "" : null);
    }

    private static (int From, int Length) Range(List<object?> arguments, int count)
    {
        var from = arguments.Count > 1 ? Integer(arguments, 1) : 0;
        var end = arguments.Count > 2 ? Integer(arguments, 2) : count;
        return from >= 0 && end <= count && from <= end ? (from, end - from) : throw new TemplateException($"error calling slice: index out of range: {end}");
    }

    private static bool AreEqual(object? a, object? b) => (a, b) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (string x, string y) => x == y,
        (bool x, bool y) => x == y,
        (string or bool, _) or (_, string or bool) => throw new TemplateException("error calling eq: incompatible types for comparison"),
        _ => Number(a) == Number(b),
    };

    private static int Compare(List<object?> a) => (a[0], a[1]) switch
    {
        (string x, string y) => string.CompareOrdinal(x, y),
        _ => Number(a[0]).CompareTo(Number(a[1])),
    };

    private static double Number(object? value) => value is long or int or double ? Convert.ToDouble(value, CultureInfo.InvariantCulture)
        : throw new TemplateException("error calling comparison: invalid type for comparison");
}
