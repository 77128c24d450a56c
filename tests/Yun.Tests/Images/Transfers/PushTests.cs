using System.Net.Http.Headers;
using Yun.Images.Registry;
using Yun.Oci;
using Yun.Protocol;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.Images.Transfers;

/// <summary>Pushes to the distribution's own registry.</summary>
public sealed class PushTests
{
    private static readonly byte[] s_base = new TarBytes().Directory("etc").File("etc/name", "base").End();
    private static readonly byte[] s_top = new TarBytes().Directory("etc").File("etc/name", "top").End();

    [Fact]
    public async Task An_image_made_here_arrives_elsewhere_as_the_same_image()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var one = await ScratchStore.OpenAsync();
        await using var two = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{registry.Address}/yourname/sample:v1");
        var made = await one.MakeAsync(name.ToString(), s_base, s_top);
        var pushed = await one.Images.PushAsync(name, null, one.Progress);
        Assert.Equal($"v1: digest: {pushed.Digest} size: {pushed.SizeBytes}", one.Seen.Last().Status);
        var pulled = await two.PullAsync(name.ToString());
        Assert.Equal(made.Id, pulled.Id);
        Assert.Equal("top", two.Read(pulled, "etc/name"));
        Assert.Equal([$"{registry.Address}/yourname/sample@{pushed.Digest}"], pulled.RepoDigests);
        // Whoever passes it on passes on the same manifest.
        Assert.Equal(pushed.Digest, (await two.Images.PushAsync(name, null, null)).Digest);
    }

    [Fact]
    public async Task What_the_registry_has_is_not_sent_again()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{lying.Address}/sample:v1");
        var image = await store.MakeAsync(name.ToString(), s_base);
        await store.Images.PushAsync(name, null, store.Progress);
        var sent = lying.Requests.Count(request => request.Method == "PUT" && request.Path.Contains("/uploads/", StringComparison.Ordinal));
        Assert.Equal(2, sent);
        await store.Images.TagAsync(image, name.WithTag("v2"));
        await store.Images.PushAsync(name.WithTag("v2"), null, store.Progress);
        Assert.Equal(sent, lying.Requests.Count(request => request.Method == "PUT" && request.Path.Contains("/uploads/", StringComparison.Ordinal)));
        Assert.Contains(store.Seen, line => line.Status == "Layer already exists");
        // A repository next to it borrows the layer.
        var other = ImageReference.Parse($"{lying.Address}/other:v1");
        await store.Images.TagAsync(image, other);
        await store.Images.PushAsync(other, null, store.Progress);
        Assert.Contains(store.Seen, line => line.Status == "Mounted from sample");
    }

    [Fact]
    public async Task A_name_without_an_image_is_named()
    {
        await using var store = await ScratchStore.OpenAsync();
        await store.MakeAsync("localhost:1/sample:v1", s_base);
        var noTag = await Assert.ThrowsAsync<EngineException>(() => store.Images.PushAsync(ImageReference.Parse("localhost:1/sample:v2"), null, null));
        Assert.Equal("tag does not exist: localhost:1/sample:v2", noTag.Message);
        var none = await Assert.ThrowsAsync<EngineException>(() => store.Images.PushAsync(ImageReference.Parse("localhost:1/nothing"), null, null));
        Assert.Equal("An image does not exist locally with the tag: localhost:1/nothing", none.Message);
    }

    [Fact]
    public async Task A_registry_that_takes_an_upload_and_never_answers_is_given_up()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        lying.Answer = async context =>
        {
            if (context.Request.Method != "PUT") return false;
            await context.Request.Body.CopyToAsync(Stream.Null);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        await using var store = await ScratchStore.OpenAsync(new RegistryOptions(StallSeconds: 1, Tries: 1, UploadAnswerSeconds: 1));
        var name = ImageReference.Parse($"{lying.Address}/sample:v1");
        await store.MakeAsync(name.ToString(), s_base);
        var given = await Assert.ThrowsAsync<EngineException>(() => store.Images.PushAsync(name, null, null));
        Assert.Equal((ErrorKind.Unavailable, $"The registry {lying.Address} cannot be reached: it does not answer."), (given.Kind, given.Message));
    }

    [Fact]
    public async Task An_upload_that_breaks_off_is_sent_again()
    {
        await using var registry = await ReferenceRegistry.StartAsync();
        await using var lying = await LyingRegistry.StartAsync(registry);
        var broken = 0;
        lying.Answer = async context =>
        {
            if (context.Request.Method != "PUT" || !context.Request.Path.Value!.Contains("/uploads/", StringComparison.Ordinal) || Interlocked.Increment(ref broken) > 2) return false;
            await context.Request.Body.ReadAtLeastAsync(new byte[10], 10, throwOnEndOfStream: false);
            context.Abort();
            return true;
        };
        await using var store = await ScratchStore.OpenAsync();
        var name = ImageReference.Parse($"{lying.Address}/sample:v1");
        await store.MakeAsync(name.ToString(), s_base);
        var pushed = await store.Images.PushAsync(name, null, null);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(registry.Url, "/v2/sample/manifests/v1")) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(MediaTypes.DockerManifest) } } };
        using var response = await http.SendAsync(request);
        Assert.Equal(pushed.Digest, Digest.Of(await response.Content.ReadAsByteArrayAsync()));
        Assert.True(broken > 2);
    }
}
