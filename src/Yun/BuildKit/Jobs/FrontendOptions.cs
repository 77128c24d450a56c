using System.Globalization;
using System.Text.Json;
using Yun.DockerApi.Model;
using Yun.Node.Builds;
using Yun.Node.Containers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.BuildKit;

/// <summary>The options of BuildKit's Dockerfile frontend, as its clients send them: one flat list of names and values.</summary>
internal sealed class FrontendOptions(IReadOnlyDictionary<string, string> options)
{
    private const string ContextPrefix = "context:";

    /// <summary>Where the files are.</summary>
    public ClientFolders Folders
    {
        get
        {
            var usual = new ClientFolders();
            return new ClientFolders { Dockerfile = Text("dockerfilekey") ?? usual.Dockerfile, Context = Text("contextkey") ?? usual.Context, Remote = Text("context") };
        }
    }

    /// <summary>What is to be built, but for the files.</summary>
    /// <exception cref="EngineException">An option's value cannot be read, or what it asks for is not done here.</exception>
    public BuildRequest Read()
    {
        Refuse();
        return new BuildRequest
        {
            Dockerfile = Text("filename") ?? BuildRequest.DefaultDockerfile,
            Target = Text("target"),
            Arguments = Below("build-arg:").ToDictionary(argument => argument.Name, argument => (string?)argument.Value),
            Labels = Below("label:").ToDictionary(label => label.Name, label => label.Value),
            NoCache = options.TryGetValue("no-cache", out var stages) && stages.Length == 0,
            NoCacheStages = List(stages).Select(stage => stage.ToLowerInvariant()).ToList(),
            CacheFrom = [.. CacheImports().Where(import => import.Type == "registry").Select(import => import.Attrs!["ref"])],
            PullCache = true,
            Pull = Text("image-resolve-mode") == "pull",
            HostConfig = new HostConfig
            {
                NetworkMode = Text("force-network-mode"),
                ShmSize = Number("shm-size"),
                CgroupParent = Text("cgroup-parent"),
                ExtraHosts = List(Text("add-hosts")).Select(host => host.Replace('=', ':')).ToList() is { Count: > 0 } hosts ? hosts : null,
                Ulimits = List(Text("ulimit")).Select(Limit).ToList() is { Count: > 0 } limits ? limits : null,
            },
        }.For(Text("platform"));
    }

    /// <summary>The named contexts that are images or addresses; and those that are folders of the client's, by what it calls them.</summary>
    /// <exception cref="EngineException">One is something else.</exception>
    public (Dictionary<string, NamedContext> Named, Dictionary<string, string> Folders) Contexts()
    {
        const string image = "docker-image://", folder = "local:";
        var (named, folders) = (new Dictionary<string, NamedContext>(), new Dictionary<string, string>());
        foreach (var (name, value) in Below(ContextPrefix))
        {
            // Buildx may say the platform as well, as in NAME::linux/amd64.
            var key = name.Split("::")[0].ToLowerInvariant();
            if (value.StartsWith(image, StringComparison.Ordinal)) named[key] = new NamedContext(Image: value[image.Length..]);
            else if (value.StartsWith(folder, StringComparison.Ordinal)) folders[key] = value[folder.Length..];
            else if (value.StartsWith("https://", StringComparison.Ordinal) || value.StartsWith("http://", StringComparison.Ordinal)) named[key] = new NamedContext(Remote: value);
            else throw NotDone($"the named context {name} as '{value}': use a folder, docker-image://IMAGE or an http address of a tarball");
        }
        return (named, folders);
    }

    private void Refuse()
    {
        if (Text("requestid") is { } request) throw NotDone($"the request {request} of the Dockerfile frontend");
        if ((Text("cmdline") ?? Text("source")) is { } frontend) throw NotDone($"what the frontend {frontend} does; leave out BUILDKIT_SYNTAX");
        if (options.FirstOrDefault(option => option.Key.StartsWith("attest:", StringComparison.Ordinal) && !option.Value.Contains("inline-only=true") && !option.Value.Contains("disabled=true")) is { Key: { } attestation })
            throw NotDone($"the attestation {attestation["attest:".Length..]}");
    }

    /// <summary>The caches in folders of the client's: what it calls them, and the index in each.</summary>
    public IReadOnlyList<(string Folder, Digest Index)> LocalCaches() =>
        [.. CacheImports().Where(import => import.Type == "local").Select(import => (import.Attrs!["src"], Digest.TryParse(import.Attrs.GetValueOrDefault("digest") ?? "", out var index) ? index
            : throw new EngineException(ErrorKind.InvalidArgument, $"the cache in {import.Attrs["src"]} has no digest")))];

    private List<BuildOutputOption> CacheImports()
    {
        if (Text("cache-imports") is not { } json) return [];
        try
        {
            return [.. (JsonSerializer.Deserialize(json, DockerApiJson.Default.ListBuildOutputOption) ?? []).Select(import => import.Attrs?.ContainsKey(import.Type switch { "registry" => "ref", "local" => "src", _ => "" }) == true ? import
                : throw NotDone($"a cache import of the type '{import.Type}': use type=registry,ref=IMAGE or type=local,src=FOLDER"))];
        }
        catch (JsonException error) { throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for cache-imports: {error.Message}", error); }
    }

    private string? Text(string name) => options.GetValueOrDefault(name) is { Length: > 0 } text ? text : null;

    private IEnumerable<(string Name, string Value)> Below(string prefix) =>
        options.Where(option => option.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(option => (option.Key[prefix.Length..], option.Value));

    private static string[] List(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private long Number(string name) => Text(name) is not { } text ? 0 : Number(name, text);

    private static long Number(string name, string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new EngineException(ErrorKind.InvalidArgument, $"invalid value for {name}: '{text}' is not a number");

    // name=soft[:hard]
    private static Ulimit Limit(string text)
    {
        var parts = text.Split('=', ':');
        if (parts.Length is not (2 or 3)) throw new EngineException(ErrorKind.InvalidArgument, $"invalid ulimit '{text}': expected name=soft[:hard]");
        return new Ulimit { Name = parts[0], Soft = Number("ulimit", parts[1]), Hard = Number("ulimit", parts[^1]) };
    }

    private static EngineException NotDone(string what) => new(ErrorKind.NotImplemented, $"this builder does not do {what}");
}

/// <summary>What the client calls the folders that a build is made of.</summary>
internal sealed record ClientFolders
{
    /// <summary>The one with the Dockerfile.</summary>
    public string Dockerfile { get; init; } = "dockerfile";
    public string Context { get; init; } = "context";
    /// <summary>The folders of named contexts, by the names in lower case.</summary>
    public IReadOnlyDictionary<string, string> Contexts { get; init; } = new Dictionary<string, string>();
    /// <summary>Caches in the client's folders.</summary>
    public IReadOnlyList<(string Folder, Digest Index)> Caches { get; init; } = [];
    /// <summary>An address, when the context is no folder of the client's.</summary>
    public string? Remote { get; init; }
}
