using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Yun.Runtime.Spec;

namespace Yun.Tests.Runtime;

public sealed class JsonTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData(" \t\r\n[ ] ")]
    [InlineData("""{"a":{"b":[1,-2,0,1.5,-0.25,1e3,1E-2,true,false,null,""]},"c":[[],{},[{}]]}""")]
    [InlineData("""["\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00 é € 😀"]""")]
    [InlineData("""{"\u0061\n":1,"a ":2}""")]
    [InlineData("[9223372036854775807,-9223372036854775808]")]
    public void A_document_says_what_dotnet_reads_in_it(string json) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), Read(Encoding.UTF8.GetBytes(json))));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1 2]")]
    [InlineData("[1}")]
    [InlineData("""{"a":1]""")]
    [InlineData("""{"a":}""")]
    [InlineData("""{"a"}""")]
    [InlineData("""{"a":1,}""")]
    [InlineData("""{a:1}""")]
    [InlineData("""{1:1}""")]
    [InlineData("""{"a":1 "b":2}""")]
    [InlineData("[01]")]
    [InlineData("[1.]")]
    [InlineData("[.5]")]
    [InlineData("[-]")]
    [InlineData("[1e]")]
    [InlineData("[+1]")]
    [InlineData("[tru]")]
    [InlineData("[nul]")]
    [InlineData("[truefalse]")]
    [InlineData("['a']")]
    [InlineData("[\"a]")]
    [InlineData("[\"a\nb\"]")]
    [InlineData("""["\x"]""")]
    [InlineData("""["\u12g4"]""")]
    [InlineData("""["\ud83d"]""")]
    [InlineData("""["\ude00"]""")]
    [InlineData("""["\ud83d\u0041"]""")]
    [InlineData("// no\n[]")]
    public void What_is_not_json_is_refused(string json)
    {
        Assert.ThrowsAny<Exception>(() => JsonNode.Parse(json)!.ToJsonString());
        Assert.Throws<JsonException>(() => Read(Encoding.UTF8.GetBytes(json)));
    }

    [Fact]
    public void A_text_that_is_not_utf8_is_refused() => Assert.Throws<JsonException>(() => Read([(byte)'[', (byte)'"', 0xff, (byte)'"', (byte)']']));

    [Fact]
    public void The_line_of_a_mistake_is_told() => Assert.Contains("in line 3:", Assert.Throws<JsonException>(() => Read("{\n\"a\":1,\n\"b\":x}"u8.ToArray())).Message, StringComparison.Ordinal);

    [Theory, InlineData(false), InlineData(true)]
    public void What_is_written_is_json(bool indented)
    {
        var json = new JsonWriter(indented);
        json.WriteStartObject();
        json.WriteString("t", "a\"\\\n\r\t\u0001é😀");
        json.WriteString("none", null);
        json.WriteNumber("n", -5);
        json.WriteBoolean("b", true);
        json.WriteStartArray("l");
        json.WriteStringValue("x");
        json.WriteNumberValue(7);
        json.WriteStartObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("e");
        json.WriteEndArray();
        json.WriteEndObject();
        var expected = new JsonObject
        {
            ["t"] = "a\"\\\n\r\t\u0001é😀", ["none"] = null, ["n"] = -5, ["b"] = true, ["l"] = new JsonArray("x", 7, new JsonObject()), ["e"] = new JsonArray(),
        };
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(json.Bytes)));
        Assert.Equal(indented, json.ToString().Contains('\n'));
    }

    private static JsonNode? Read(byte[] json)
    {
        var tokens = new JsonTokens(json, 32);
        tokens.Next();
        return Value(ref tokens);
    }

    private static JsonNode? Value(ref JsonTokens tokens)
    {
        switch (tokens.Token)
        {
            case JsonToken.BeginObject:
                var members = new JsonObject();
                for (tokens.Next(); tokens.Token != JsonToken.EndObject; tokens.Next())
                {
                    var name = tokens.GetText();
                    tokens.Next();
                    members[name] = Value(ref tokens);
                }
                return members;
            case JsonToken.BeginList:
                var items = new JsonArray();
                for (tokens.Next(); tokens.Token != JsonToken.EndList; tokens.Next()) items.Add(Value(ref tokens));
                return items;
            case JsonToken.Text: return tokens.GetText();
            case JsonToken.Number: return tokens.TryGetInt64(out var number) ? number : double.Parse(tokens.GetNumber(), CultureInfo.InvariantCulture);
            case JsonToken.True: return true;
            case JsonToken.False: return false;
            default: return null;
        }
    }
}
