using Microsoft.Win32.SafeHandles;
using Yun.Images.Registry;
using Yun.Node.Containers;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Builds;

/// <summary>What a build is asked for: the parameters of <c>POST /build</c>, and what a client that stays connected hands out while it goes on.</summary>
public sealed record BuildRequest
{
    public const string DefaultDockerfile = "Dockerfile";

    /// <summary>The argument that, given, takes the place of the Dockerfile's <c># check</c>.</summary>
    public const string ChecksArgument = "BUILDKIT_DOCKERFILE_CHECK";

    /// <summary>The context as a tar, plain or compressed; not read when <see cref="Remote"/> or <see cref="ContextFiles"/> is set.</summary>
    public Stream Context { get; set; } = Stream.Null;
    /// <summary>An http address of a tarball or of a Dockerfile.</summary>
    public string? Remote { get; set; }
    /// <summary>The context as files that are asked for when a step needs them; what is ignored is not among them.</summary>
    public IContextFiles? ContextFiles { get; set; }
    /// <summary>The Dockerfile's path in the context; where <see cref="DockerfileText"/> is set, only its name.</summary>
    public string Dockerfile { get; set; } = DefaultDockerfile;
    /// <summary>The Dockerfile itself, when it is no file of the context.</summary>
    public string? DockerfileText { get; set; }
    public IReadOnlyList<ImageReference> Tags { get; set; } = [];
    /// <summary>The caller says what becomes of the result, and brings it to the disk: by a name, as a result without one, or with <see cref="Images.ImageStore.SettleAsync"/>.</summary>
    public bool IsExportedLater { get; set; }
    public string? Target { get; set; }
    /// <summary>What FROM and <c>--from</c> may name beside stages and images, and instead of them, by names in lower case.</summary>
    public IReadOnlyDictionary<string, NamedContext> NamedContexts { get; set; } = new Dictionary<string, NamedContext>();
    public Platform? Platform { get; set; }
    /// <summary>Several platforms, for each of which there is to be an image; empty for one.</summary>
    public IReadOnlyList<Platform> Platforms { get; set; } = [];
    public IReadOnlyDictionary<string, string?> Arguments { get; set; } = new Dictionary<string, string?>();
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();
    public bool NoCache { get; set; }

    /// <summary>Sets what a list such as <c>linux/amd64,linux/arm64</c> asks for.</summary>
    /// <exception cref="EngineException">One is no platform.</exception>
    public BuildRequest For(string? platforms)
    {
        var asked = (platforms ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(BuildRun.ParsePlatform).Distinct().ToList();
        return this with { Platform = asked.Count > 0 ? asked[0] : null, Platforms = asked.Count > 1 ? asked : [] };
    }

    /// <summary>The named context that a name in the Dockerfile stands for. One that is called like an image is meant by every spelling of its name.</summary>
    public NamedContext? FindContext(string name)
    {
        if (NamedContexts.Count == 0) return null;
        if (NamedContexts.TryGetValue(name.ToLowerInvariant(), out var found)) return found;
        const string usualTag = ":latest";
        if (!ImageReference.TryParse(name, out var image)) return null;
        var familiar = image.Familiar;
        return NamedContexts.GetValueOrDefault(familiar.EndsWith(usualTag, StringComparison.Ordinal) ? familiar[..^usualTag.Length] : familiar);
    }

    /// <summary>Stages whose steps are all done anew, by their names in lower case.</summary>
    public IReadOnlyList<string> NoCacheStages { get; set; } = [];
    /// <summary>Images that may serve as cache beside what was built here.</summary>
    public IReadOnlyList<string> CacheFrom { get; set; } = [];
    /// <summary>Those images are in registries: the newest are asked for.</summary>
    public bool PullCache { get; set; }
    /// <summary>Caches that lie with the client.</summary>
    public IReadOnlyList<ICacheLayout> CacheLayouts { get; set; } = [];
    /// <summary>Where in registries the result is to serve as a cache, and whether with all stages.</summary>
    public IReadOnlyList<(ImageReference Name, bool Stages)> CacheTo { get; set; } = [];
    /// <summary>Ask the registry for base images even when they are here.</summary>
    public bool Pull { get; set; }
    /// <summary>False leaves the containers of RUN steps behind.</summary>
    public bool RemoveContainers { get; set; } = true;
    /// <summary>Limits, network, hosts and shared memory of the RUN steps.</summary>
    public HostConfig HostConfig { get; set; } = new();
    /// <summary>What to show each registry, by host name.</summary>
    public Func<string, CancellationToken, ValueTask<RegistryAuth?>> AuthFor { get; set; } = (_, _) => ValueTask.FromResult<RegistryAuth?>(null);
    /// <summary>The client's secrets and agents; null when it hands out none.</summary>
    public IBuildSecrets? Secrets { get; set; }
}

/// <summary>One of <c>--build-context</c>: exactly one of these.</summary>
/// <param name="Image">An image's name.</param>
/// <param name="Files">A folder on the client's side.</param>
/// <param name="Remote">An http address of a tarball.</param>
public sealed record NamedContext(string? Image = null, IContextFiles? Files = null, string? Remote = null);

/// <summary>The files of a build's context, on the client's side.</summary>
public interface IContextFiles
{
    /// <summary>Writes them into an empty folder.</summary>
    /// <param name="bytesMax">More than that, together, is refused.</param>
    /// <exception cref="EngineException">The client cannot be read from, or sends what it must not.</exception>
    Task FillAsync(SafeFileHandle folder, long bytesMax, BuildOutput output, CancellationToken cancel);
}

/// <summary>Images that may serve as a cache, on the client's side.</summary>
public interface ICacheLayout
{
    string Name { get; }

    /// <summary>All of them as an archive that can be loaded.</summary>
    Stream Open(CancellationToken cancel);
}

/// <summary>What RUN may use and no layer, history or log may hold.</summary>
public interface IBuildSecrets
{
    /// <returns>The secret; null when the client has none of that id.</returns>
    Task<byte[]?> FindAsync(string id, CancellationToken cancel);

    /// <returns>Whether the client has an SSH agent of that id.</returns>
    Task<bool> HasAgentAsync(string id, CancellationToken cancel);

    /// <summary>A connection to that agent.</summary>
    Task<Stream> ConnectAgentAsync(string id, CancellationToken cancel);
}
