using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Yun.Node.Containers.Devices;

/// <summary>A document in YAML as the same in JSON, by the core schema of YAML 1.2 (chapter 10.3).</summary>
internal static partial class YamlDocument
{
    private const int DepthMax = 32;

    /// <exception cref="JsonException">It is not YAML, or has what JSON has not: references to other places of the document, keys that are no texts.</exception>
    public static byte[] ToJson(TextReader text)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            try
            {
                var parser = new Parser(text);
                parser.Consume<StreamStart>();
                if (!parser.TryConsume<DocumentStart>(out _)) throw new JsonException("it is empty");
                Write(parser, json, 0);
            }
            catch (YamlException error)
            {
                throw new JsonException($"{error.Message} (line {error.Start.Line})", error);
            }
        }
        return bytes.ToArray();
    }

    private static void Write(Parser parser, Utf8JsonWriter json, int depth)
    {
        if (depth > DepthMax) throw new JsonException($"it is nested deeper than {DepthMax} times");
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            Write(scalar, json);
        }
        else if (parser.TryConsume<SequenceStart>(out _))
        {
            json.WriteStartArray();
            while (!parser.TryConsume<SequenceEnd>(out _)) Write(parser, json, depth + 1);
            json.WriteEndArray();
        }
        else if (parser.TryConsume<MappingStart>(out _))
        {
            json.WriteStartObject();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                json.WritePropertyName(parser.TryConsume<Scalar>(out var key) ? key.Value : throw Unexpected(parser));
                Write(parser, json, depth + 1);
            }
            json.WriteEndObject();
        }
        else
        {
            throw Unexpected(parser);
        }
    }

    private static void Write(Scalar scalar, Utf8JsonWriter json)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag == "tag:yaml.org,2002:str") json.WriteStringValue(text);
        else if (text is "" or "~" or "null" or "Null" or "NULL") json.WriteNullValue();
        else if (text is "true" or "True" or "TRUE") json.WriteBooleanValue(true);
        else if (text is "false" or "False" or "FALSE") json.WriteBooleanValue(false);
        else if (WholeNumber().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) json.WriteNumberValue(number);
        else if (text.StartsWith("0o", StringComparison.Ordinal) && OctalNumber().IsMatch(text)) json.WriteNumberValue(Convert.ToInt64(text[2..], 8));
        else if (text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex)) json.WriteNumberValue(hex);
        else json.WriteStringValue(text);
    }

    private static JsonException Unexpected(Parser parser) =>
        new($"line {parser.Current?.Start.Line}: {(parser.Current is AnchorAlias ? "references to other places are not read" : "a text was expected as the name of a value")}");

    [GeneratedRegex("^[-+]?[0-9]{1,18}$")]
    private static partial Regex WholeNumber();

    [GeneratedRegex("^0o[0-7]{1,21}$")]
    private static partial Regex OctalNumber();
}
