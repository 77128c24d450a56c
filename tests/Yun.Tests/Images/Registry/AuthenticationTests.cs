using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.Images.Transfers;

namespace Yun.Tests.Images.Registry;

/// <summary>Accounts: passwords and tokens, at the distribution's own registry.</summary>
public sealed class AuthenticationTests
{
    private static readonly byte[] s_tar = new TarBytes().File("name", "secret").End();
    private static readonly RegistryAuth s_sailor = new(ReferenceRegistry.User, ReferenceRegistry.Password);

    [Fact]
    public async Task A_registry_with_passwords_takes_the_right_one_only()
    {
        await using var registry = await ReferenceRegistry.StartWithPasswordsAsync();
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{registry.Address}/private:v1");
        await store.MakeAsync(name.ToString(), s_tar);
        var nobody = await Assert.ThrowsAsync<EngineException>(() => store.Images.PushAsync(name, null, null));
        Assert.Equal((ErrorKind.Unauthorized, "no basic auth credentials"), (nobody.Kind, nobody.Message));
        var wrong = await Assert.ThrowsAsync<EngineException>(() => store.Images.PushAsync(name, s_sailor with { Password = "wrong" }, null));
        Assert.Equal((ErrorKind.Unauthorized, "unauthorized: authentication required"), (wrong.Kind, wrong.Message));
        await store.Images.PushAsync(name, s_sailor, null);
        await Assert.ThrowsAsync<EngineException>(() => store.Images.LoginAsync(registry.Address, s_sailor with { Password = "wrong" }));
        await store.Images.LoginAsync(registry.Address, s_sailor);

        await using var other = await ScratchStore.OpenAsync();
        var denied = await Assert.ThrowsAsync<EngineException>(() => other.PullAsync(name.ToString()));
        Assert.Equal($"pull access denied for {registry.Address}/private, repository does not exist or may require 'docker login': no basic auth credentials", denied.Message);
        Assert.Equal("secret", other.Read(await other.PullAsync(name.ToString(), auth: s_sailor), "name"));
    }

    [Fact]
    public async Task Tokens_are_fetched_for_what_is_to_be_done_and_used_until_they_end()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var registry = await ReferenceRegistry.StartWithTokensAsync(issuer);
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{registry.Address}/public/sample:v1");
        await store.MakeAsync(name.ToString(), s_tar);
        await store.Images.PushAsync(name, s_sailor, null);
        Assert.Equal([(ReferenceRegistry.User, "repository:public/sample:pull,push")], issuer.Asked.Select(asked => (asked.User, Assert.Single(asked.Scopes))));

        // Everybody may pull this, without an account.
        issuer.Asked.Clear();
        await using var other = await ScratchStore.OpenAsync();
        Assert.Equal("secret", other.Read(await other.PullAsync(name.ToString()), "name"));
        Assert.Equal([("", "repository:public/sample:pull")], issuer.Asked.Select(asked => (asked.User, Assert.Single(asked.Scopes))));
        var denied = await Assert.ThrowsAsync<EngineException>(() => other.Images.PushAsync(name, null, null));
        Assert.Equal(ErrorKind.Unauthorized, denied.Kind);
        var hidden = await Assert.ThrowsAsync<EngineException>(() => other.PullAsync($"{registry.Address}/private/sample:v1"));
        Assert.Contains($"{registry.Address}/private/sample", hidden.Message, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<EngineException>(() => other.PullAsync(name.ToString(), auth: s_sailor with { Password = "wrong" }));
        Assert.EndsWith("unauthorized: incorrect username or password", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layers_that_are_sent_side_by_side_all_know_the_password()
    {
        await using var registry = await ReferenceRegistry.StartWithPasswordsAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        // The first requests are let through together, so that all of them are refused.
        var (asked, together) = (0, new TaskCompletionSource());
        lying.Answer = async context =>
        {
            if (context.Request.Method != "HEAD" || context.Request.Headers.Authorization.Count > 0) return false;
            if (Interlocked.Increment(ref asked) == 3) together.SetResult();
            await together.Task;
            return false;
        };
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{lying.Address}/private:v1");
        await store.MakeAsync(name.ToString(), [.. Enumerable.Range(0, 3).Select(i => new TarBytes().File($"file{i}", "text").End())]);
        await store.Images.PushAsync(name, s_sailor, null);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task A_token_that_has_run_out_is_replaced()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        await using var registry = await ReferenceRegistry.StartWithTokensAsync(issuer);
        await using var lying = await LyingRegistry.StartAsync(registry);
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{lying.Address}/sample:v1");
        await store.MakeAsync(name.ToString(), s_tar);
        // The first request of each kind meets a registry that no longer takes the token.
        var kinds = new HashSet<string> { "HEAD" };
        lying.Answer = context =>
        {
            if (kinds.Add(context.Request.Method)) context.Request.Headers.Authorization = "";
            return Task.FromResult(false);
        };
        await store.Images.PushAsync(name, s_sailor, null);
        Assert.Equal(3, kinds.Count);
        Assert.Equal(3, issuer.Asked.Count);
    }

    [Fact]
    public async Task Credentials_do_not_follow_a_redirect_to_another_host()
    {
        await using var registry = await ReferenceRegistry.StartWithPasswordsAsync();
        await using var storage = await LyingRegistry.StartAsync(registry);
        await using var front = await LyingRegistry.StartAsync(registry);
        var proofs = new List<string>();
        storage.Answer = context =>
        {
            proofs.Add(context.Request.Headers.Authorization.ToString());
            // What is behind it wants the password all the same; the test supplies it.
            context.Request.Headers.Authorization = "Basic " + Convert.ToBase64String("sailor:ahoy"u8);
            return Task.FromResult(false);
        };
        front.Answer = context =>
        {
            if (context.Request.Method != "GET" || !context.Request.Path.Value!.Contains("/blobs/", StringComparison.Ordinal)) return Task.FromResult(false);
            context.Response.Redirect($"http://{storage.Address}{context.Request.Path}");
            return Task.FromResult(true);
        };
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{front.Address}/sample:v1");
        await store.MakeAsync(name.ToString(), s_tar);
        await store.Images.PushAsync(name, s_sailor, null);
        await using var other = await ScratchStore.OpenAsync();
        Assert.Equal("secret", other.Read(await other.PullAsync(name.ToString(), auth: s_sailor), "name"));
        Assert.Equal(["", ""], proofs);
    }
}
