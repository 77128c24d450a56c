using System.Text;
using System.Text.Json.Nodes;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.RegistryApi;
using Yun.Tests.EndToEnd;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.RegistryApi;

/// <summary>Accounts, rights, tokens and certificates.</summary>
public sealed class AccessTests
{
    // What htpasswd -B makes of guest and welcome.
    private const string GuestLine = "guest:$2y$05$FIUPrYCNQB0mV5SPMkYHAOXCsP8hKAJPIM6rAzwMgoC0HtzeQc7ki";
    private static readonly (string, string) s_sailor = Basic(ReferenceRegistry.User, ReferenceRegistry.Password), s_guest = Basic("guest", "welcome");

    private static (string, string) Basic(string user, string password) => ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private static Task<ServedRegistry> StartAsync(Func<ScratchFolder, RegistryServerOptions, RegistryServerOptions> configure, string? rights = null)
    {
        ScratchFolder folder = null!;
        return ServedRegistry.StartAsync(options => configure(folder, options with { PasswordFile = folder["htpasswd"], RightsFile = rights is null ? null : folder["rights.json"] }), made =>
        {
            folder = made;
            made.Write("htpasswd", $"# accounts\n{ReferenceRegistry.PasswordLine}\n{GuestLine}\n");
            if (rights is not null) made.Write("rights.json", rights);
        });
    }

    private static async Task<string> TokenAsync(ServedRegistry registry, string scope, params (string, string)[] headers) =>
        (string)JsonNode.Parse(await registry.ExpectAsync(200, "GET", $"/token?service={registry.Address}&scope={scope}", null, headers))!["token"]!;

    [Fact]
    public async Task Nobody_gets_in_without_the_right_password()
    {
        await using var registry = await StartAsync((_, options) => options);
        using (var refused = await registry.SendAsync("GET", "/v2/")) Assert.Equal((401, "Basic realm=\"yun registry\""), ((int)refused.StatusCode, refused.Headers.WwwAuthenticate.Single().ToString()));
        Assert.Equal("UNAUTHORIZED", await registry.RefusedAsync(401, "POST", "/v2/sample/blobs/uploads/"));
        foreach (var wrong in new[] { Basic(ReferenceRegistry.User, "wrong"), Basic("nobody", "ahoy"), Basic("", ""), ("Authorization", "Basic ###"), ("Authorization", "Bearer x.y.z") })
            Assert.Equal("UNAUTHORIZED", await registry.RefusedAsync(401, "GET", "/v2/_catalog", null, wrong));
        await registry.ExpectAsync(200, "GET", "/v2/", null, s_sailor);
        await registry.ExpectAsync(202, "POST", "/v2/sample/blobs/uploads/", null, s_sailor);
        await registry.ExpectAsync(401, "GET", "/metrics");
        await registry.ExpectAsync(401, "GET", "/");
        await registry.ExpectAsync(200, "GET", "/", null, s_sailor);
        // A password that is changed counts at once.
        registry.Folder.Write("htpasswd", $"{GuestLine}\n");
        File.SetLastWriteTimeUtc(registry.Folder["htpasswd"], DateTime.UtcNow.AddSeconds(5));
        await registry.ExpectAsync(401, "GET", "/v2/", null, s_sailor);
        await registry.ExpectAsync(200, "GET", "/v2/", null, s_guest);
    }

    [Fact]
    public async Task Rights_are_for_users_repositories_and_actions()
    {
        await using var registry = await StartAsync((_, options) => options, """
            [ { "user": "*", "repository": "{user}/*", "actions": ["pull", "push"] }, { "user": "sailor", "repository": "shared", "actions": ["pull", "push", "delete"] },
              { "user": "guest", "repository": "shared", "actions": ["pull"] } ]
            """);
        await registry.ExpectAsync(202, "POST", "/v2/guest/own/blobs/uploads/", null, s_guest);
        Assert.Equal("DENIED", await registry.RefusedAsync(403, "POST", "/v2/sailor/own/blobs/uploads/", null, s_guest));
        Assert.Equal("DENIED", await registry.RefusedAsync(403, "POST", "/v2/shared/blobs/uploads/", null, s_guest));
        var blob = "secret"u8.ToArray();
        await registry.ExpectAsync(201, "POST", $"/v2/shared/blobs/uploads/?digest={Digest.Of(blob)}", blob, s_sailor);
        await registry.ExpectAsync(201, "POST", $"/v2/sailor/own/blobs/uploads/?digest={Digest.Of(blob)}", blob, s_sailor);
        await registry.ExpectAsync(200, "GET", $"/v2/shared/blobs/{Digest.Of(blob)}", null, s_guest);
        Assert.Equal("DENIED", await registry.RefusedAsync(403, "DELETE", $"/v2/shared/blobs/{Digest.Of(blob)}", null, s_guest));
        // What one may not read, one may not mount either.
        var other = "hidden"u8.ToArray();
        await registry.ExpectAsync(201, "POST", $"/v2/sailor/own/blobs/uploads/?digest={Digest.Of(other)}", other, s_sailor);
        await registry.ExpectAsync(202, "POST", $"/v2/guest/own/blobs/uploads/?mount={Digest.Of(other)}&from=sailor/own", null, s_guest);
        await registry.ExpectAsync(201, "POST", $"/v2/guest/own/blobs/uploads/?mount={Digest.Of(blob)}&from=shared", null, s_guest);
    }

    [Fact]
    public async Task Tokens_say_what_they_are_good_for()
    {
        await using var registry = await StartAsync((_, options) => options with { Tokens = true, AnonymousPull = true }, """[ { "user": "sailor", "repository": "*", "actions": ["pull", "push"] } ]""");
        using (var refused = await registry.SendAsync("POST", "/v2/sample/blobs/uploads/"))
            Assert.Equal($"Bearer realm=\"http://{registry.Address}/token\",service=\"{registry.Address}\",scope=\"repository:sample:pull,push\"", refused.Headers.WwwAuthenticate.Single().ToString());
        var push = await TokenAsync(registry, "repository:sample:pull,push,delete", s_sailor);
        await registry.ExpectAsync(202, "POST", "/v2/sample/blobs/uploads/", null, ("Authorization", $"Bearer {push}"));
        await registry.ExpectAsync(401, "POST", "/v2/other/blobs/uploads/", null, ("Authorization", $"Bearer {push}"));
        await registry.ExpectAsync(401, "DELETE", $"/v2/sample/manifests/{Digest.Of("x"u8)}", null, ("Authorization", $"Bearer {push}"));
        var pull = await TokenAsync(registry, "repository:sample:pull,push");
        await registry.ExpectAsync(401, "POST", "/v2/sample/blobs/uploads/", null, ("Authorization", $"Bearer {pull}"));
        await registry.ExpectAsync(404, "GET", "/v2/sample/manifests/v1", null, ("Authorization", $"Bearer {pull}"));
        await registry.ExpectAsync(401, "GET", "/token", null, Basic(ReferenceRegistry.User, "wrong"));
        // A token outlives the registry's restart, and its own time it does not.
        await registry.RestartAsync();
        await registry.ExpectAsync(202, "POST", "/v2/sample/blobs/uploads/", null, ("Authorization", $"Bearer {push}"));
        var forged = push[..^10] + (push[^10] == 'A' ? 'B' : 'A') + push[^9..];
        await registry.ExpectAsync(401, "POST", "/v2/sample/blobs/uploads/", null, ("Authorization", $"Bearer {forged}"));
        registry.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("UNAUTHORIZED", await registry.RefusedAsync(401, "POST", "/v2/sample/blobs/uploads/", null, ("Authorization", $"Bearer {push}")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Our_own_client_pushes_and_pulls_with_an_account(bool tokens)
    {
        await using var registry = await StartAsync((_, options) => options with { Tokens = tokens });
        var auth = new RegistryAuth(ReferenceRegistry.User, ReferenceRegistry.Password);
        await using var one = await ScratchStore.OpenAsync();
        await using var two = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{registry.Address}/yourname/sample:v1");
        var made = await one.MakeAsync(name.ToString(), new TarBytes().File("one", "1").End(), new TarBytes().File("two", "2").End());
        await one.Images.LoginAsync(registry.Address, auth);
        await Assert.ThrowsAsync<EngineException>(() => one.Images.PushAsync(name, null, null));
        await one.Images.PushAsync(name, auth, null);
        Assert.Equal(made.Id, (await two.PullAsync(name.ToString(), auth: auth)).Id);
        await Assert.ThrowsAsync<EngineException>(() => two.PullAsync(name.ToString()));
    }

    [Fact]
    public async Task Another_issuer_s_tokens_are_taken_and_nobody_else_s()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var stranger = await TokenIssuer.StartAsync();
        RegistryServerOptions With(TokenIssuer trusted, RegistryServerOptions options) => options with { Issuer = new TokenIssuerOptions(issuer.Realm, TokenIssuer.Name, TokenIssuer.Service, trusted.CertificatePath) };
        await using var registry = await ServedRegistry.StartAsync(options => With(issuer, options));
        await using var distrusting = await ServedRegistry.StartAsync(options => With(stranger, options));
        var auth = new RegistryAuth(ReferenceRegistry.User, ReferenceRegistry.Password);
        await using var store = await ScratchStore.OpenAsync();
        foreach (var address in new[] { registry.Address, distrusting.Address })
        {
            var name = ImageReference.Parse($"{address}/sample:v1");
            await store.MakeAsync(name.ToString(), new TarBytes().File("one", "1").End());
            if (address == registry.Address) await store.Images.PushAsync(name, auth, null);
            else Assert.Equal(ErrorKind.Unauthorized, (await Assert.ThrowsAsync<EngineException>(() => store.Images.PushAsync(name, auth, null))).Kind);
        }
    }

    [Fact]
    public async Task A_certificate_of_its_own_stays_the_same_and_can_be_trusted()
    {
        await using var registry = await ServedRegistry.StartAsync(options => options with { SelfSigned = true });
        var print = registry.Fingerprint!;
        Assert.Matches("^([0-9A-F]{2}:){31}[0-9A-F]{2}$", print);
        await registry.RestartAsync();
        Assert.Equal(print, registry.Fingerprint);
        using var kept = new ScratchFolder(($"{registry.Address}/ca.crt", File.ReadAllText(registry.Folder["registry.crt"])));
        await using var store = await ScratchStore.OpenAsync(new RegistryOptions(CertificatesDirectory: kept.Path));
        var name = ImageReference.Parse($"{registry.Address}/sample:v1");
        await store.MakeAsync(name.ToString(), new TarBytes().File("one", "1").End());
        await store.Images.PushAsync(name, null, null);
        await using var stranger = await ScratchStore.OpenAsync();
        Assert.Contains("certificate", (await Assert.ThrowsAsync<EngineException>(() => stranger.PullAsync(name.ToString()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_given_certificate_is_shown()
    {
        var certificate = new TestCertificate();
        ScratchFolder folder = null!;
        await using var registry = await ServedRegistry.StartAsync(options => options with { Certificate = folder["given.crt"], Key = folder["given.key"] }, made =>
        {
            folder = made;
            made.Write("given.crt", certificate.Pem);
            made.Write("given.key", certificate.KeyPem);
        });
        using var kept = new ScratchFolder(($"{registry.Address}/ca.crt", certificate.IssuerPem));
        await using var store = await ScratchStore.OpenAsync(new RegistryOptions(CertificatesDirectory: kept.Path));
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<EngineException>(() => store.PullAsync($"{registry.Address}/sample:v1"))).Kind);
    }

    [Fact]
    public async Task Who_asks_too_fast_is_told_to_wait()
    {
        await using var registry = await ServedRegistry.StartAsync(options => options with { RequestsPerSecond = 5 });
        var statuses = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var response = await registry.SendAsync("GET", "/v2/");
            return (int)response.StatusCode;
        }));
        Assert.Contains(200, statuses);
        Assert.Contains(429, statuses);
    }
}
