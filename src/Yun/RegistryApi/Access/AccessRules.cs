using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Protocol;

namespace Yun.RegistryApi.Access;

/// <summary>Who may do what: a list of rights, of which one is enough.</summary>
internal sealed class AccessRules(IReadOnlyList<AccessRule> rules)
{
    /// <summary>Without a file: who has an account may do everything, and others, if it is allowed, may pull.</summary>
    public static AccessRules Default(bool anonymousPull) => new([
        new AccessRule(AccessRule.Everyone, "*", ["pull", "push", "delete"]), .. anonymousPull ? (AccessRule[])[new AccessRule(AccessRule.Nobody, "*", ["pull"])] : [],
    ]);

    public static AccessRules Read(string path, bool anonymousPull)
    {
        try
        {
            var rules = JsonSerializer.Deserialize(File.ReadAllBytes(path), AccessJson.Default.ListAccessRule) ?? [];
            if (rules.Find(rule => rule.Actions.Except(["pull", "push", "delete"]).Any()) is { } wrong)
                throw new EngineException(ErrorKind.InvalidArgument, $"The file of rights {path} has an action other than pull, push and delete for {wrong.Repository}.");
            if (anonymousPull) rules.Add(new AccessRule(AccessRule.Nobody, "*", ["pull"]));
            return new AccessRules(rules);
        }
        catch (Exception unreadable) when (unreadable is IOException or JsonException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"Cannot read the file of rights {path}: {unreadable.Message}", unreadable);
        }
    }

    /// <summary>Whether somebody without an account may do anything at all.</summary>
    public bool KnowsNobody => rules.Any(rule => rule.User == AccessRule.Nobody);

    /// <param name="user">Null for somebody without an account.</param>
    public bool Allow(string? user, string repository, string action) => rules.Any(rule => rule.Applies(user, repository) && rule.Actions.Contains(action));
}

/// <summary>One right.</summary>
/// <param name="User">A name, <c>*</c> for everyone with an account, or <c>anonymous</c>, which those with an account have as well.</param>
/// <param name="Repository">A name, or the beginning of one and <c>*</c>; <c>{user}</c> stands for the user's name.</param>
internal sealed record AccessRule(string User, string Repository, IReadOnlyList<string> Actions)
{
    public const string Everyone = "*", Nobody = "anonymous";

    public bool Applies(string? user, string repository)
    {
        if (User != Nobody && (user is null || (User != Everyone && User != user))) return false;
        var pattern = Repository.Replace("{user}", user ?? "\0", StringComparison.Ordinal);
        return pattern.EndsWith('*') ? repository.StartsWith(pattern[..^1], StringComparison.Ordinal) : repository == pattern;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(List<AccessRule>))]
internal sealed partial class AccessJson : JsonSerializerContext;
