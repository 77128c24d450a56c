using Yun.Images.Registry;
using Yun.Node.Containers;
using Yun.Oci;

namespace Yun.Node.Builds;

/// <summary>What a build is asked for: the parameters of <c>POST /build</c>.</summary>
public sealed record BuildRequest
{
    /// <summary>The context as a tar, plain or compressed; not read when <see cref="Remote"/> is set.</summary>
    public Stream Context { get; set; } = Stream.Null;
    /// <summary>An http address of a tarball or of a Dockerfile.</summary>
    public string? Remote { get; set; }
    /// <summary>The Dockerfile's path in the context.</summary>
    public string Dockerfile { get; set; } = DefaultDockerfile;
    public IReadOnlyList<ImageReference> Tags { get; set; } = [];
    public string? Target { get; set; }
    public Platform? Platform { get; set; }
    public IReadOnlyDictionary<string, string?> Arguments { get; set; } = new Dictionary<string, string?>();
    public IReadOnlyDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();
    public bool NoCache { get; set; }
    /// <summary>Images that may serve as cache beside what was built here.</summary>
    public IReadOnlyList<string> CacheFrom { get; set; } = [];
    /// <summary>Ask the registry for base images even when they are here.</summary>
    public bool Pull { get; set; }
    /// <summary>False leaves the containers of RUN steps behind.</summary>
    public bool RemoveContainers { get; set; } = true;
    /// <summary>Limits, network, hosts and shared memory of the RUN steps.</summary>
    public HostConfig HostConfig { get; set; } = new();
    /// <summary>What to show each registry, by host name.</summary>
    public Func<string, RegistryAuth?> AuthFor { get; set; } = _ => null;

    public const string DefaultDockerfile = "Dockerfile";
}
