using Yun.Images.Repositories;
using Yun.Oci;

namespace Yun.RegistryApi;

/// <summary>What of the registry a path is about (OCI distribution spec, "Endpoints").</summary>
internal enum RegistryArea { Ping, Catalog, Search, Tags, Manifest, Blob, Uploads, Upload, Referrers, None }

/// <summary>A path below <c>/v2/</c>, taken apart. Names have slashes of their own, so it is read from its end.</summary>
/// <param name="Reference">A tag, a digest or an upload's id, as it was sent.</param>
internal sealed record RegistryRequest(RegistryArea Area, string Name = "", string Reference = "")
{
    private const string Root = "/v2/", UploadsPart = "/blobs/uploads/";

    /// <exception cref="DistributionException">NameInvalid.</exception>
    public static RegistryRequest Parse(string path)
    {
        if (path is "/v2" or Root) return new RegistryRequest(RegistryArea.Ping);
        if (path is "/v1/_ping") return new RegistryRequest(RegistryArea.Ping);
        if (path is "/v1/search") return new RegistryRequest(RegistryArea.Search);
        if (!path.StartsWith(Root, StringComparison.Ordinal)) return new RegistryRequest(RegistryArea.None);
        var rest = path[Root.Length..];
        if (rest is "_catalog") return new RegistryRequest(RegistryArea.Catalog);
        if (rest.EndsWith("/tags/list", StringComparison.Ordinal)) return Named(RegistryArea.Tags, rest[..^"/tags/list".Length], "");
        if (rest.EndsWith("/blobs/uploads", StringComparison.Ordinal)) rest += '/';
        if (Split(rest, UploadsPart) is var (name, id)) return Named(id.Length == 0 ? RegistryArea.Uploads : RegistryArea.Upload, name, id);
        if (Split(rest, "/manifests/") is var (image, reference)) return Named(RegistryArea.Manifest, image, reference);
        if (Split(rest, "/blobs/") is var (repository, blob)) return Named(RegistryArea.Blob, repository, blob);
        if (Split(rest, "/referrers/") is var (subject, digest)) return Named(RegistryArea.Referrers, subject, digest);
        return new RegistryRequest(RegistryArea.None);
    }

    /// <exception cref="DistributionException">DigestInvalid.</exception>
    public Digest Digest => ParseDigest(Reference);

    /// <exception cref="DistributionException">DigestInvalid.</exception>
    public static Digest ParseDigest(string text) => Digest.TryParse(text, out var digest) ? digest
        : throw new DistributionException(DistributionError.DigestInvalid, $"'{(text.Length > 100 ? text[..100] : text)}' is no sha256 digest.", text);

    private static (string, string)? Split(string rest, string part)
    {
        var at = rest.LastIndexOf(part, StringComparison.Ordinal);
        return at < 0 || rest.IndexOf('/', at + part.Length) >= 0 ? null : (rest[..at], rest[(at + part.Length)..]);
    }

    private static RegistryRequest Named(RegistryArea area, string name, string reference) => ImageReference.IsRepository(name) ? new RegistryRequest(area, name, reference)
        : throw new DistributionException(DistributionError.NameInvalid, $"'{(name.Length > 300 ? name[..300] : name)}' is no name for a repository.", name);
}
