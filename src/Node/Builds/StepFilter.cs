using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>Which steps of the cache a list or a prune is about.</summary>
public static class StepFilter
{
    /// <summary>What all steps are called by clients that know several kinds.</summary>
    public const string Kind = "regular";

    /// <summary>What lets through what all of <paramref name="conditions"/> do: <c>id</c> with the beginning of a key, and <c>type</c>. Null for all.</summary>
    /// <exception cref="EngineException">InvalidArgument: there is no such condition.</exception>
    public static Func<CachedStep, bool>? Of(IReadOnlyList<(string Name, string Value)> conditions)
    {
        foreach (var (name, value) in conditions)
            if (name is not ("id" or "type")) throw new EngineException(ErrorKind.InvalidArgument, $"unknown filter '{name}={value}': this builder knows id and type");
        return conditions.Count == 0 ? null : step => conditions.All(one => one.Name == "id" ? step.Key.StartsWith(one.Value, StringComparison.Ordinal) : one.Value == Kind);
    }
}
