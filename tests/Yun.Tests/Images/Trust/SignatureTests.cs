using System.Text;
using System.Text.Json.Nodes;
using Yun.Images.Registry;
using Yun.Images.Trust;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.EndToEnd;
using Yun.Tests.Images.Registry;
using Yun.Tests.Images.Transfers;
using Yun.Tests.RegistryApi;

namespace Yun.Tests.Images.Trust;

/// <summary>Signatures beside images in a registry, with keys that openssl made, and the policy that asks for them.</summary>
public sealed class SignatureTests
{
    private static readonly byte[] s_tar = new TarBytes().File("name", "signed").End();

    /// <summary>NAME.key and NAME.pub in the folder.</summary>
    private static async Task MakeKeyAsync(ScratchFolder folder, string name, string algorithm)
    {
        if (!File.Exists("/usr/bin/openssl")) Assert.Skip("There is no openssl to make keys with.");
        string[] curve = algorithm == "EC" ? ["-pkeyopt", "ec_paramgen_curve:P-256"] : [];
        (await new Command("/usr/bin/openssl", ["genpkey", "-algorithm", algorithm, .. curve, "-out", folder[$"{name}.key"]]).RunAsync()).Succeeded();
        (await new Command("/usr/bin/openssl", "pkey", "-in", folder[$"{name}.key"], "-pubout", "-out", folder[$"{name}.pub"]).RunAsync()).Succeeded();
    }

    private static async Task<ImageReference> PushAsync(string address, string tag, byte[] tar)
    {
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{address}/team/sample:{tag}");
        await store.MakeAsync(name.ToString(), tar);
        await store.Images.PushAsync(name, null, null);
        return name;
    }

    [Theory]
    [InlineData("EC", false)]
    [InlineData("EC", true)]
    [InlineData("ED25519", false)]
    [InlineData("ED25519", true)]
    public async Task What_one_key_has_signed_is_proved_by_that_key_and_by_no_other(string algorithm, bool own)
    {
        using var keys = new ScratchFolder();
        await MakeKeyAsync(keys, "right", algorithm);
        await MakeKeyAsync(keys, "other", algorithm);
        await using var reference = await ReferenceRegistry.StartAsync();
        await using var served = await ServedRegistry.StartAsync();
        var name = await PushAsync(own ? served.Address : reference.Address, "v1", s_tar);
        using var signatures = new ImageSignatures(new RegistryOptions());
        var (right, other) = (SigningKey.Read(keys["right.pub"]), SigningKey.Read(keys["other.pub"]));
        var unsigned = await Assert.ThrowsAsync<EngineException>(() => signatures.VerifyAsync(name, null, [right]));
        Assert.Equal((ErrorKind.Forbidden, $"The image {name.Familiar} has no signature by {keys["right.pub"]}."), (unsigned.Kind, unsigned.Message));
        var digest = await signatures.SignAsync(name, null, SigningKey.Read(keys["right.key"]));
        Assert.Equal(digest, await signatures.VerifyAsync(name, null, [other, right]));
        await Assert.ThrowsAsync<EngineException>(() => signatures.VerifyAsync(name, null, [other]));
        // A second signature leaves the first.
        await signatures.SignAsync(name, null, SigningKey.Read(keys["other.key"]));
        Assert.Equal(digest, await signatures.VerifyAsync(name, null, [right]));
        Assert.Equal(digest, await signatures.VerifyAsync(name, null, [other]));
        // What the tag stands for later is not what was signed.
        await PushAsync(own ? served.Address : reference.Address, "v1", new TarBytes().File("name", "changed").End());
        await Assert.ThrowsAsync<EngineException>(() => signatures.VerifyAsync(name, null, [right]));
    }

    [Fact]
    public async Task A_signature_as_cosign_writes_it_is_proved_and_one_for_another_image_is_not()
    {
        using var folder = new ScratchFolder();
        await MakeKeyAsync(folder, "team", "EC");
        await using var registry = await ReferenceRegistry.StartAsync();
        var (name, stranger) = (await PushAsync(registry.Address, "v1", s_tar), await PushAsync(registry.Address, "v2", new TarBytes().File("name", "other").End()));
        using var signatures = new ImageSignatures(new RegistryOptions());
        using var content = new RegistryContent(registry.Url, "team/sample");
        using var http = new HttpClient();
        async Task<Digest> DigestAsync(string tag)
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, new Uri(registry.Url, $"/v2/team/sample/manifests/{tag}"));
            request.Headers.TryAddWithoutValidation("Accept", MediaTypes.DockerManifest);
            using var head = await http.SendAsync(request);
            return Digest.Parse(head.Headers.GetValues("Docker-Content-Digest").Single());
        }
        var digest = await DigestAsync("v1");
        folder.Write("payload", $$$"""{"critical":{"identity":{"docker-reference":"{{{registry.Address}}}/team/sample"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"cosign container image signature"},"optional":null}""");
        (await new Command("/usr/bin/openssl", "dgst", "-sha256", "-sign", folder["team.key"], "-out", folder["signature"], folder["payload"]).RunAsync()).Succeeded();
        var (payload, config) = (File.ReadAllBytes(folder["payload"]), Encoding.UTF8.GetBytes("""{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":[]},"config":{}}"""));
        await content.PutBlobAsync(payload);
        await content.PutBlobAsync(config);
        var layer = RegistryContent.Descriptor("application/vnd.dev.cosign.simplesigning.v1+json", payload);
        layer["annotations"] = new JsonObject { ["dev.cosignproject.cosign/signature"] = Convert.ToBase64String(File.ReadAllBytes(folder["signature"])) };
        JsonObject Manifest() => new() { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciManifest, ["config"] = RegistryContent.Descriptor(MediaTypes.OciConfig, config), ["layers"] = new JsonArray(layer.DeepClone()) };
        await content.PutManifestAsync($"sha256-{digest.Hex}.sig", MediaTypes.OciManifest, Manifest());
        Assert.Equal(digest, await signatures.VerifyAsync(name, null, [SigningKey.Read(folder["team.pub"])]));
        // The same signature, put beside another image.
        await content.PutManifestAsync($"sha256-{(await DigestAsync("v2")).Hex}.sig", MediaTypes.OciManifest, Manifest());
        await Assert.ThrowsAsync<EngineException>(() => signatures.VerifyAsync(stranger, null, [SigningKey.Read(folder["team.pub"])]));
    }

    [Fact]
    public async Task A_policy_lets_in_what_shows_what_it_asks_for()
    {
        using var folder = new ScratchFolder();
        await MakeKeyAsync(folder, "team", "EC");
        await using var registry = await ServedRegistry.StartAsync();
        var name = await PushAsync(registry.Address, "v1", s_tar);
        await using var store = await ScratchStore.OpenAsync();
        void Policy(string rule)
        {
            folder.Write("trust.json", $"[ {{ \"images\": \"{registry.Address}/team/*\", {rule} }}, {{ \"images\": \"*\", \"require\": \"digest\", \"warnOnly\": true }} ]");
            store.Images.Trust = TrustPolicy.Read(folder["trust.json"]);
        }
        var signed = $"\"require\": \"signature\", \"keys\": [\"{folder["team.pub"]}\"]";
        Policy(signed);
        var refused = await Assert.ThrowsAsync<EngineException>(() => store.PullAsync(name.ToString()));
        Assert.Equal((ErrorKind.Forbidden, $"The image {name.Familiar} has no signature by {folder["team.pub"]}."), (refused.Kind, refused.Message));
        Assert.Empty(store.Images.List());
        Policy($"{signed}, \"warnOnly\": true");
        await store.PullAsync(name.ToString());
        Assert.Contains(store.Seen, line => line.Status.StartsWith("Warning: ", StringComparison.Ordinal));
        Policy("\"require\": \"digest\"");
        Assert.Contains("is taken by its digest only", (await Assert.ThrowsAsync<EngineException>(() => store.PullAsync(name.ToString()))).Message, StringComparison.Ordinal);
        await store.PullAsync(store.Images.List().Single().RepoDigests.Single());
        using var signatures = new ImageSignatures(new RegistryOptions());
        await signatures.SignAsync(name, null, SigningKey.Read(folder["team.key"]));
        Policy(signed);
        await store.PullAsync(name.ToString());
        folder.Write("trust.json", """[ { "images": "*", "require": "signature" } ]""");
        Assert.Contains("needs keys", Assert.Throws<EngineException>(() => TrustPolicy.Read(folder["trust.json"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_commands_sign_verify_and_say_what_a_policy_asks_for()
    {
        if (!File.Exists(TestTools.Yun)) Assert.Skip("The native programs are not built; run make.");
        using var folder = new ScratchFolder();
        await MakeKeyAsync(folder, "team", "ED25519");
        await MakeKeyAsync(folder, "other", "EC");
        await using var registry = await ServedRegistry.StartAsync();
        var name = (await PushAsync(registry.Address, "v1", s_tar)).ToString();
        (await new Command(TestTools.Yun, "image", "verify", "--key", folder["team.pub"], name).RunAsync()).EndedWith(1).FailedSaying("has no signature by");
        var signed = (await new Command(TestTools.Yun, "image", "sign", "--key", folder["team.key"], name).RunAsync()).Succeeded().Text;
        Assert.Matches("/team/sample@sha256:[0-9a-f]{64}$", signed);
        Assert.Equal(signed, (await new Command(TestTools.Yun, "image", "verify", "--key", folder["team.pub"], name).RunAsync()).Succeeded().Text);
        (await new Command(TestTools.Yun, "image", "verify", "--key", folder["other.pub"], name).RunAsync()).EndedWith(1);
        folder.Write("trust.json", """[ { "images": "docker.io/library/*", "require": "digest", "warnOnly": true } ]""");
        Assert.Equal("digest (warns only), by the rule for docker.io/library/*", (await new Command(TestTools.Yun, "image", "policy", folder["trust.json"], "busybox").RunAsync()).Succeeded().Text);
        Assert.Equal("nothing", (await new Command(TestTools.Yun, "image", "policy", folder["trust.json"], name).RunAsync()).Succeeded().Text);
    }
}
