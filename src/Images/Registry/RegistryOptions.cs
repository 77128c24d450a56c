namespace Yun.Images.Registry;

/// <summary>How registries are reached.</summary>
/// <param name="Insecure">Hosts (<c>name[:port]</c>) and networks (CIDR) whose certificate is not checked and that may speak plain HTTP. Loopback may speak HTTP unasked, as with Docker.</param>
/// <param name="Mirrors">URLs tried before Docker Hub for its images.</param>
/// <param name="CertificatesDirectory">Holds <c>HOST[:PORT]/*.crt</c>, <c>*.cert</c> and <c>*.key</c>, as Docker's certs.d does.</param>
/// <param name="StallSeconds">A registry that sends nothing for this long is given up on and asked again.</param>
/// <param name="UploadAnswerSeconds">How long a registry that has a whole upload may take to check and keep it.</param>
/// <param name="Tries">How often a download is taken up again before it fails. 5 is dockerd's default.</param>
/// <param name="LayersAtOnce">3 is dockerd's default for downloads.</param>
public sealed record RegistryOptions(
    IReadOnlyList<string>? Insecure = null, IReadOnlyList<string>? Mirrors = null, string CertificatesDirectory = "/etc/docker/certs.d",
    int StallSeconds = 30, int Tries = 5, int LayersAtOnce = 3, int UploadAnswerSeconds = 300);
