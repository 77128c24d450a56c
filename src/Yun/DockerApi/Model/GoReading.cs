using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Yun.DockerApi.Model;

/// <summary>Reads bodies as Go's decoder does, for which <c>null</c> leaves a field as it was: clients in Python send it for what they have no word about.</summary>
internal static class GoReading
{
    private static readonly JsonSerializerOptions s_options = new(DockerApiJson.Default.Options)
    {
        TypeInfoResolver = DockerApiJson.Default.WithAddedModifier(KeepWhatIsNotNullable),
        Converters = { new GoBooleanConverter(), new GoNumberConverter<int>(), new GoNumberConverter<uint>(), new GoNumberConverter<long>(), new GoNumberConverter<ulong>(), new GoNumberConverter<double>() },
    };

    public static T? Read<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(body, (JsonTypeInfo<T>)s_options.GetTypeInfo(type.Type));

    private static void KeepWhatIsNotNullable(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
            if (!property.IsSetNullable && !property.PropertyType.IsValueType && property.Set is { } set)
                property.Set = (owner, value) => { if (value is not null) set(owner, value); };
    }
}

/// <summary>Takes <c>null</c> for zero.</summary>
internal sealed class GoNumberConverter<T> : JsonConverter<T> where T : struct, INumber<T>
{
    public override bool HandleNull => true;

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.Null ? T.Zero
        : reader.TokenType is JsonTokenType.Number or JsonTokenType.String && T.TryParse(reader.ValueSpan, CultureInfo.InvariantCulture, out var number) ? number
        : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteRawValue(value.ToString(null, CultureInfo.InvariantCulture));
}

/// <summary>Takes <c>null</c> for false.</summary>
internal sealed class GoBooleanConverter : JsonConverter<bool>
{
    public override bool HandleNull => true;

    public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch { JsonTokenType.True => true, JsonTokenType.False or JsonTokenType.Null => false, _ => throw new JsonException() };

    public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => writer.WriteBooleanValue(value);
}
