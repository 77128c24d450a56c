using System.Globalization;
using System.Text;

namespace Yun.Commands.Format.Templates;

/// <summary>Go's <c>fmt.Sprintf</c> with the verbs that templates use.</summary>
internal static class Printf
{
    public static string Format(string format, List<object?> arguments)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            var start = ++i;
            while (i < format.Length - 1 && (char.IsAsciiDigit(format[i]) || format[i] is '-' or '+' or '.' or '#' or ' ')) i++;
            if (format[i] == '%') text.Append('%');
            else if (next >= arguments.Count) text.Append("%!").Append(format[i]).Append("(MISSING)");
            else text.Append(One(format[start..i], format[i], arguments[next++]));
        }
        return text.ToString();
    }

    private static string One(string flags, char verb, object? value)
    {
        var left = flags.StartsWith('-');
        var zeros = flags.StartsWith('0');
        var parts = flags.TrimStart('-', '+', '#', '0', ' ').Split('.');
        var width = int.TryParse(parts[0], out var w) ? w : 0;
        int? precision = parts.Length > 1 ? int.TryParse(parts[1], out var p) ? p : 0 : null;
        var text = verb switch
        {
            'q' => GoText.Json(GoText.Of(value)),
            'x' => value is string s ? Convert.ToHexStringLower(Encoding.UTF8.GetBytes(s)) : Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString("x"),
            'f' => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("F" + (precision ?? 6), CultureInfo.InvariantCulture),
            'T' => value?.GetType().Name ?? "<nil>",
            's' or 'v' or 'd' or 't' or 'g' => GoText.Of(value),
            _ => $"%!{verb}({GoText.Of(value)})",
        };
        if (verb == 's' && precision is { } longest && text.Length > longest) text = text[..longest];
        return left ? text.PadRight(width) : text.PadLeft(width, zeros && verb is 'd' or 'f' or 'x' ? '0' : ' ');
    }
}
