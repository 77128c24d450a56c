using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.Images.Registry;

/// <summary>TLS with the distribution's own registry, whose certificate nobody trusts unasked.</summary>
public sealed class EncryptionTests
{
    private static readonly byte[] s_tar = new TarBytes().File("name", "sealed").End();

    private static async Task PushAndPullAsync(ReferenceRegistry registry, RegistryOptions options)
    {
        await using var store = await ScratchStore.OpenAsync(options);
        var name = ImageReference.Parse($"{registry.Address}/sample:v1");
        await store.MakeAsync(name.ToString(), s_tar);
        await store.Images.PushAsync(name, null, null);
        await using var other = await ScratchStore.OpenAsync(options);
        Assert.Equal("sealed", other.Read(await other.PullAsync(name.ToString()), "name"));
    }

    [Fact]
    public async Task An_issuer_kept_for_the_host_is_trusted()
    {
        var certificate = new TestCertificate();
        await using var registry = await ReferenceRegistry.StartAsync(certificate);
        using var kept = new ScratchFolder(($"{registry.Address}/ca.crt", certificate.IssuerPem));
        await PushAndPullAsync(registry, new RegistryOptions(CertificatesDirectory: kept.Path));
    }

    [Fact]
    public async Task A_registry_listed_as_insecure_is_spoken_to_whatever_it_shows()
    {
        await using var registry = await ReferenceRegistry.StartAsync(new TestCertificate("elsewhere.example", withAddress: false));
        await PushAndPullAsync(registry, new RegistryOptions(Insecure: ["127.0.0.0/8"]));
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_issuer_or_another_name_is_refused_and_plain_HTTP_is_not_tried()
    {
        var (unknown, misnamed) = (new TestCertificate(), new TestCertificate("elsewhere.example", withAddress: false));
        await using var one = await ReferenceRegistry.StartAsync(unknown);
        await using var two = await ReferenceRegistry.StartAsync(misnamed);
        using var kept = new ScratchFolder(($"{two.Address}/ca.crt", misnamed.IssuerPem));
        await using var store = await ScratchStore.OpenAsync(new RegistryOptions(CertificatesDirectory: kept.Path));
        foreach (var registry in new[] { one, two })
        {
            var refused = await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"{registry.Address}/sample:v1"));
            Assert.Equal(ErrorKind.Unavailable, refused.Kind);
            Assert.StartsWith($"The registry {registry.Address} cannot be reached: ", refused.Message, StringComparison.Ordinal);
            Assert.Contains("certificate", refused.Message, StringComparison.Ordinal);
        }
    }
}
