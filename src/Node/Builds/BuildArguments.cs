using System.Collections.Concurrent;
using Yun.Oci;

namespace Yun.Node.Builds;

/// <summary>
/// The ARGs of a build: which are declared where, and what they are. A value given with the request beats a default; a stage sees an ARG only
/// after declaring it, and a declaration without a default takes the value from before the first FROM.
/// </summary>
public sealed class BuildArguments
{
    // Given without a declaration, and left out of history and cache unless declared: a proxy does not change what is built.
    private static readonly string[] s_proxies =
    [
        "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
    ];

    private readonly IReadOnlyDictionary<string, string?> _given;
    private readonly Dictionary<string, string?> _global;
    private readonly Dictionary<string, string?> _stage = [];
    private readonly ConcurrentDictionary<string, bool> _declared; // by any stage; they are built at once

    private BuildArguments(IReadOnlyDictionary<string, string?> given, Dictionary<string, string?> global, ConcurrentDictionary<string, bool> declared) =>
        (_given, _global, _declared) = (given, global, declared);

    /// <param name="given">From <c>--build-arg</c>; a null value is a name given without one.</param>
    public static BuildArguments Begin(IReadOnlyDictionary<string, string?> given, Platform target, string? targetStage)
    {
        var arguments = new BuildArguments(given, new Dictionary<string, string?>(PlatformArguments(target, targetStage)), new(StringComparer.Ordinal));
        return arguments;
    }

    /// <summary>An ARG before the first FROM.</summary>
    public void DeclareGlobal(string name, string? value)
    {
        _declared[name] = true;
        if (value is not null || !_global.ContainsKey(name)) _global[name] = value;
    }

    /// <summary>The arguments as a stage finds them at its FROM; what it declares is not seen by other stages.</summary>
    public BuildArguments BeginStage() => new(_given, _global, _declared);

    public void Declare(string name, string? value)
    {
        _declared[name] = true;
        _stage[name] = value;
    }

    /// <summary>The names that every build knows before the first FROM.</summary>
    public static IEnumerable<string> PlatformNames => PlatformArguments(Platform.Host, null).Select(a => a.Key);

    /// <summary>True when the stage has an ARG of that name, whether it has a value or not.</summary>
    public bool Declares(string name) => _stage.ContainsKey(name);

    /// <summary>What FROM and later global ARGs may use.</summary>
    public Dictionary<string, string> Global()
    {
        var values = new Dictionary<string, string>();
        foreach (var name in _global.Keys.Concat(s_proxies))
            if (ValueOf(name, _global) is { } value) values[name] = value;
        return values;
    }

    /// <summary>What the stage's instructions may use: the image's variables win over arguments of the same name.</summary>
    public Dictionary<string, string> Variables(IEnumerable<string> environment)
    {
        var values = Environment(environment);
        foreach (var (name, value) in InStage()) values.TryAdd(name, value);
        return values;
    }

    /// <summary>What RUN gets beside the image's variables, as <c>NAME=value</c>, in the order of names.</summary>
    public IReadOnlyList<string> ForRun(IEnumerable<string> environment)
    {
        var taken = Environment(environment);
        return [.. InStage().Where(a => !taken.ContainsKey(a.Name)).Select(a => $"{a.Name}={a.Value}").Order(StringComparer.Ordinal)];
    }

    /// <summary>As <see cref="ForRun"/>, but only what counts for cache and history.</summary>
    public IReadOnlyList<string> ForHistory(IEnumerable<string> environment) =>
        [.. ForRun(environment).Where(a => a[..a.IndexOf('=')] is var name && (_stage.ContainsKey(name) || !s_proxies.Contains(name)))];

    /// <summary>Names given with the request that no ARG took.</summary>
    public IReadOnlyList<string> NotConsumed() => [.. _given.Keys.Where(n => n is not (SourceDate.ArgumentName or BuildRequest.ChecksArgument) && !_declared.ContainsKey(n) && !s_proxies.Contains(n)).Order(StringComparer.Ordinal)];

    private IEnumerable<(string Name, string Value)> InStage()
    {
        foreach (var name in _stage.Keys.Concat(s_proxies.Where(p => !_stage.ContainsKey(p))))
            if (ValueOf(name, _stage) is { } value) yield return (name, value);
    }

    private string? ValueOf(string name, Dictionary<string, string?> declared) =>
        _given.GetValueOrDefault(name) ?? declared.GetValueOrDefault(name) ?? (declared.ContainsKey(name) ? _global.GetValueOrDefault(name) : null);

    private static Dictionary<string, string> Environment(IEnumerable<string> environment)
    {
        var values = new Dictionary<string, string>();
        foreach (var variable in environment)
        {
            var equals = variable.IndexOf('=');
            values[equals < 0 ? variable : variable[..equals]] = equals < 0 ? "" : variable[(equals + 1)..];
        }
        return values;
    }

    private static IEnumerable<KeyValuePair<string, string?>> PlatformArguments(Platform target, string? stage) =>
    [
        .. Words("TARGET", target),
        .. Words("BUILD", Platform.Host),
        new("TARGETSTAGE", stage ?? "default"),
    ];

    private static IEnumerable<KeyValuePair<string, string?>> Words(string prefix, Platform platform) =>
    [
        new(prefix + "PLATFORM", platform.ToString()),
        new(prefix + "OS", platform.Os),
        new(prefix + "ARCH", platform.Architecture),
        new(prefix + "VARIANT", platform.Variant ?? ""),
    ];
}
