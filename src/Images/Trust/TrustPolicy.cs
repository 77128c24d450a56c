using System.Text.Json;
using System.Text.Json.Serialization;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Trust;

/// <summary>What an image must show before it is taken, by its name. The first rule that fits counts; where none does, anything is taken.</summary>
public sealed class TrustPolicy
{
    private readonly IReadOnlyList<TrustRule> _rules;
    private readonly Dictionary<TrustRule, IReadOnlyList<SigningKey>> _keys;

    private TrustPolicy(IReadOnlyList<TrustRule> rules)
    {
        _rules = rules;
        _keys = rules.ToDictionary(rule => rule, rule => (IReadOnlyList<SigningKey>)[.. rule.Keys.Select(SigningKey.Read)]);
    }

    public static TrustPolicy AcceptAll { get; } = new([]);

    /// <summary>Reads a JSON list of rules, and the keys they name.</summary>
    /// <exception cref="EngineException">InvalidArgument: it cannot be read. Nothing is pulled by half of a policy.</exception>
    public static TrustPolicy Read(string path)
    {
        try
        {
            var rules = JsonSerializer.Deserialize(File.ReadAllBytes(path), TrustJson.Default.ListTrustRule) ?? [];
            if (rules.Find(rule => (rule.Require == TrustRequirement.Signature) != rule.Keys.Count > 0) is { } wrong)
                throw new EngineException(ErrorKind.InvalidArgument, $"The trust policy {path}: the rule for {wrong.Images} needs keys if, and only if, it requires a signature.");
            return new TrustPolicy(rules);
        }
        catch (Exception unreadable) when (unreadable is IOException or JsonException)
        {
            throw new EngineException(ErrorKind.InvalidArgument, $"Cannot read the trust policy {path}: {unreadable.Message}", unreadable);
        }
    }

    public TrustRule? Find(ImageReference reference) => _rules.FirstOrDefault(rule => rule.Fits(reference.Name));

    public IReadOnlyList<SigningKey> KeysOf(TrustRule rule) => _keys[rule];
}

public enum TrustRequirement { Nothing, Digest, Signature }

/// <summary>One rule.</summary>
/// <param name="Images">A repository in full (<c>docker.io/library/busybox</c>), or the beginning of one and <c>*</c>.</param>
/// <param name="WarnOnly">What fails is taken, with a warning.</param>
/// <param name="Keys">Public keys, PEM files; one signature by one of them is enough.</param>
public sealed class TrustRule(string images, TrustRequirement require, bool warnOnly, List<string>? keys)
{
    public string Images => images;
    public TrustRequirement Require => require;
    public bool WarnOnly => warnOnly;
    public List<string> Keys { get; } = keys ?? [];

    public bool Fits(string repository) => images.EndsWith('*') ? repository.StartsWith(images[..^1], StringComparison.Ordinal) : repository == images;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(List<TrustRule>))]
internal sealed partial class TrustJson : JsonSerializerContext;
