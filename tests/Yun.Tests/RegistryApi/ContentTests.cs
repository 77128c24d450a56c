using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Yun.Oci;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.RegistryApi;

/// <summary>Manifests, blobs and lists, once they are there (OCI distribution spec 1.1, "Pull", "Content Discovery", "Content Management").</summary>
public sealed class ContentTests
{
    private static readonly byte[] s_blob = RandomNumberGenerator.GetBytes(300_000);

    [Fact]
    public async Task A_manifest_is_given_by_tag_and_by_digest_as_it_was_pushed()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var digest = await registry.PutImageAsync("team/sample", "v1");
        foreach (var reference in new[] { "v1", digest.ToString() })
        {
            using var got = await registry.SendAsync("GET", $"/v2/team/sample/manifests/{reference}");
            Assert.Equal(digest, Digest.Of(await got.Content.ReadAsByteArrayAsync()));
            Assert.Equal((MediaTypes.OciManifest, digest.ToString()), (got.Content.Headers.ContentType!.ToString(), got.Headers.GetValues("Docker-Content-Digest").Single()));
            using var head = await registry.SendAsync("HEAD", $"/v2/team/sample/manifests/{reference}");
            Assert.Equal((200, got.Content.Headers.ContentLength), ((int)head.StatusCode, head.Content.Headers.ContentLength));
        }
        await registry.ExpectAsync(304, "GET", "/v2/team/sample/manifests/v1", null, ("If-None-Match", $"\"{digest}\""));
        Assert.Equal("MANIFEST_UNKNOWN", await registry.RefusedAsync(404, "GET", "/v2/team/sample/manifests/v2"));
        Assert.Equal("NAME_UNKNOWN", await registry.RefusedAsync(404, "GET", "/v2/team/other/manifests/v1"));
        Assert.Equal("NAME_INVALID", await registry.RefusedAsync(400, "GET", "/v2/Team/sample/manifests/v1"));
        await registry.RestartAsync();
        await registry.ExpectAsync(200, "GET", "/v2/team/sample/manifests/v1");
    }

    [Fact]
    public async Task A_manifest_that_is_wrong_is_refused()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var (config, layer) = ("{}"u8.ToArray(), "layer"u8.ToArray());
        byte[] Bytes(JsonObject manifest) => Encoding.UTF8.GetBytes(manifest.ToJsonString());
        var good = Bytes(ServedRegistry.Manifest(config, layer));
        var type = ("Content-Type", MediaTypes.OciManifest);
        await registry.PutBlobAsync("sample", config);
        Assert.Equal("MANIFEST_BLOB_UNKNOWN", await registry.RefusedAsync(400, "PUT", "/v2/sample/manifests/v1", good, type));
        await registry.PutBlobAsync("sample", layer);
        Assert.Equal("DIGEST_INVALID", await registry.RefusedAsync(400, "PUT", $"/v2/sample/manifests/{Digest.Of(layer)}", good, type));
        Assert.Equal("TAG_INVALID", await registry.RefusedAsync(400, "PUT", "/v2/sample/manifests/.v1", good, type));
        Assert.Equal("MANIFEST_INVALID", await registry.RefusedAsync(400, "PUT", "/v2/sample/manifests/v1", good, ("Content-Type", MediaTypes.DockerManifest)));
        Assert.Equal("MANIFEST_INVALID", await registry.RefusedAsync(400, "PUT", "/v2/sample/manifests/v1", good, ("Content-Type", "text/plain")));
        Assert.Equal("MANIFEST_INVALID", await registry.RefusedAsync(400, "PUT", "/v2/sample/manifests/v1", "{"u8.ToArray(), type));
        Assert.Equal("MANIFEST_INVALID", await registry.RefusedAsync(400, "PUT", "/v2/sample/manifests/v1", """{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}"""u8.ToArray(), type));
        Assert.Equal("SIZE_INVALID", await registry.RefusedAsync(413, "PUT", "/v2/sample/manifests/v1", new byte[5 << 20], type));
        Assert.Equal("NAME_UNKNOWN", await registry.RefusedAsync(404, "GET", "/v2/nothing/tags/list"));
        await registry.ExpectAsync(201, "PUT", "/v2/sample/manifests/v1", good, type);
    }

    [Fact]
    public async Task An_index_stands_on_manifests_that_are_there()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var one = await registry.PutImageAsync("sample", null, "one");
        JsonObject Index(params Digest[] parts) => new()
        {
            ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.DockerIndex,
            ["manifests"] = new JsonArray([.. parts.Select(part => (JsonNode)new JsonObject { ["mediaType"] = MediaTypes.OciManifest, ["digest"] = part.ToString(), ["size"] = 100, ["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "amd64" } })]),
        };
        Assert.Equal("MANIFEST_BLOB_UNKNOWN", await registry.RefusedAsync(400, "PUT", "/v2/sample/manifests/many", Encoding.UTF8.GetBytes(Index(one, Digest.Of("no"u8)).ToJsonString()), ("Content-Type", MediaTypes.DockerIndex)));
        var index = await registry.PutManifestAsync("sample", "many", Index(one));
        Assert.Equal("UNSUPPORTED", await registry.RefusedAsync(405, "DELETE", $"/v2/sample/manifests/{one}"));
        await registry.ExpectAsync(202, "DELETE", $"/v2/sample/manifests/{index}");
        await registry.ExpectAsync(202, "DELETE", $"/v2/sample/manifests/{one}");
    }

    [Fact]
    public async Task A_tag_goes_alone_and_a_manifest_with_all_its_tags()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var digest = await registry.PutImageAsync("sample", "v1");
        await registry.PutImageAsync("sample", "v2");
        await registry.PutImageAsync("sample", "v3");
        await registry.ExpectAsync(202, "DELETE", "/v2/sample/manifests/v1");
        Assert.Equal("MANIFEST_UNKNOWN", await registry.RefusedAsync(404, "DELETE", "/v2/sample/manifests/v1"));
        await registry.ExpectAsync(200, "GET", $"/v2/sample/manifests/{digest}");
        await registry.ExpectAsync(202, "DELETE", $"/v2/sample/manifests/{digest}");
        Assert.Equal("""{"name":"sample","tags":[]}""", await registry.ExpectAsync(200, "GET", "/v2/sample/tags/list"));
        Assert.False(registry.Has(digest));
    }

    [Fact]
    public async Task Of_clients_that_push_one_tag_at_once_one_is_the_last_and_all_are_kept()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var pushed = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => registry.PutImageAsync("sample", "v1", $"client {i}")));
        using var head = await registry.SendAsync("HEAD", "/v2/sample/manifests/v1");
        Assert.Contains(Digest.Parse(head.Headers.GetValues("Docker-Content-Digest").Single()), pushed);
        foreach (var digest in pushed) await registry.ExpectAsync(200, "GET", $"/v2/sample/manifests/{digest}");
    }

    [Fact]
    public async Task A_blob_that_a_manifest_stands_on_is_not_deleted()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var digest = await registry.PutImageAsync("sample", "v1");
        var layer = Digest.Of("layer text"u8);
        Assert.Equal("UNSUPPORTED", await registry.RefusedAsync(405, "DELETE", $"/v2/sample/blobs/{layer}"));
        await registry.ExpectAsync(202, "DELETE", $"/v2/sample/manifests/{digest}");
        await registry.ExpectAsync(202, "DELETE", $"/v2/sample/blobs/{layer}");
        Assert.Equal("BLOB_UNKNOWN", await registry.RefusedAsync(404, "DELETE", $"/v2/sample/blobs/{layer}"));
        Assert.False(registry.Has(layer));
    }

    [Fact]
    public async Task Parts_of_a_blob_are_given_and_unchanged_ones_are_not_sent()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var path = $"/v2/sample/blobs/{await registry.PutBlobAsync("sample", s_blob)}";
        async Task PartAsync(string range, int from, int to)
        {
            using var part = await registry.SendAsync("GET", path, null, ("Range", range));
            Assert.Equal((206, $"bytes {from}-{to - 1}/{s_blob.Length}"), ((int)part.StatusCode, part.Content.Headers.ContentRange!.ToString()));
            Assert.Equal(s_blob[from..to], await part.Content.ReadAsByteArrayAsync());
        }
        await PartAsync("bytes=0-9", 0, 10);
        await PartAsync("bytes=299990-", 299_990, 300_000);
        await PartAsync("bytes=-5", 299_995, 300_000);
        await PartAsync("bytes=100000-999999", 100_000, 300_000);
        foreach (var nothing in new[] { "bytes=300000-", "bytes=500-0" }) Assert.Equal("RANGE_INVALID", await registry.RefusedAsync(416, "GET", path, null, ("Range", nothing)));
        using (var whole = await registry.SendAsync("GET", path)) Assert.Equal((200, "bytes", 300_000L), ((int)whole.StatusCode, whole.Headers.AcceptRanges.Single(), whole.Content.Headers.ContentLength));
        using (var head = await registry.SendAsync("HEAD", path)) Assert.Equal((200, 300_000L), ((int)head.StatusCode, head.Content.Headers.ContentLength));
        await registry.ExpectAsync(304, "GET", path, null, ("If-None-Match", $"\"{Digest.Of(s_blob)}\""));
        Assert.Equal("DIGEST_INVALID", await registry.RefusedAsync(400, "GET", "/v2/sample/blobs/sha256:abc"));
    }

    [Fact]
    public async Task Lists_come_in_order_and_in_pages()
    {
        await using var registry = await ServedRegistry.StartAsync();
        foreach (var tag in new[] { "c", "a", "B", "d" }) await registry.PutImageAsync("sample", tag);
        await registry.PutImageAsync("another/one", "v1");
        Assert.Equal("""{"name":"sample","tags":["B","a","c","d"]}""", await registry.ExpectAsync(200, "GET", "/v2/sample/tags/list"));
        using (var page = await registry.SendAsync("GET", "/v2/sample/tags/list?n=2"))
        {
            Assert.Equal("""{"name":"sample","tags":["B","a"]}""", await page.Content.ReadAsStringAsync());
            Assert.Equal("</v2/sample/tags/list?n=2&last=a>; rel=\"next\"", page.Headers.GetValues("Link").Single());
        }
        using (var page = await registry.SendAsync("GET", "/v2/sample/tags/list?n=2&last=a"))
        {
            Assert.Equal("""{"name":"sample","tags":["c","d"]}""", await page.Content.ReadAsStringAsync());
            Assert.False(page.Headers.Contains("Link"));
        }
        Assert.Equal("""{"name":"sample","tags":[]}""", await registry.ExpectAsync(200, "GET", "/v2/sample/tags/list?n=0"));
        Assert.Equal("PAGINATION_NUMBER_INVALID", await registry.RefusedAsync(400, "GET", "/v2/sample/tags/list?n=-1"));
        Assert.Equal("""{"repositories":["another/one","sample"]}""", await registry.ExpectAsync(200, "GET", "/v2/_catalog"));
        Assert.Equal("""{"repositories":["another/one"]}""", await registry.ExpectAsync(200, "GET", "/v2/_catalog?n=1"));
    }

    [Fact]
    public async Task What_refers_to_a_manifest_is_listed_by_its_kind()
    {
        await using var registry = await ServedRegistry.StartAsync();
        // A signature may come before what it signs.
        var subject = ServedRegistry.Manifest("{}"u8.ToArray());
        await registry.PutBlobAsync("sample", "{}"u8.ToArray());
        var digest = Digest.Of(Encoding.UTF8.GetBytes(subject.ToJsonString()));
        Assert.Empty(JsonNode.Parse(await registry.ExpectAsync(200, "GET", $"/v2/sample/referrers/{digest}"))!["manifests"]!.AsArray());
        foreach (var type in new[] { "application/vnd.example.signature", "application/vnd.example.list" })
        {
            var artifact = new JsonObject
            {
                ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciManifest, ["artifactType"] = type, ["config"] = RegistryContent.Descriptor("application/vnd.oci.empty.v1+json", "{}"u8.ToArray()),
                ["layers"] = new JsonArray(RegistryContent.Descriptor("text/x-anything", "{}"u8.ToArray())), ["annotations"] = new JsonObject { ["kind"] = type },
                ["subject"] = RegistryContent.Descriptor(MediaTypes.OciManifest, Encoding.UTF8.GetBytes(subject.ToJsonString())),
            };
            var bytes = Encoding.UTF8.GetBytes(artifact.ToJsonString());
            using var put = await registry.SendAsync("PUT", $"/v2/sample/manifests/{Digest.Of(bytes)}", bytes, ("Content-Type", MediaTypes.OciManifest));
            Assert.Equal((201, digest.ToString()), ((int)put.StatusCode, put.Headers.GetValues("OCI-Subject").Single()));
        }
        await registry.PutManifestAsync("sample", "v1", subject);
        Assert.Equal(2, JsonNode.Parse(await registry.ExpectAsync(200, "GET", $"/v2/sample/referrers/{digest}"))!["manifests"]!.AsArray().Count);
        using var filtered = await registry.SendAsync("GET", $"/v2/sample/referrers/{digest}?artifactType=application/vnd.example.list");
        Assert.Equal((MediaTypes.OciIndex, "artifactType"), (filtered.Content.Headers.ContentType!.ToString(), filtered.Headers.GetValues("OCI-Filters-Applied").Single()));
        var only = JsonNode.Parse(await filtered.Content.ReadAsStringAsync())!["manifests"]!.AsArray().Single()!;
        Assert.Equal(("application/vnd.example.list", "application/vnd.example.list"), ((string)only["artifactType"]!, (string)only["annotations"]!["kind"]!));
        Assert.Equal("DIGEST_INVALID", await registry.RefusedAsync(400, "GET", "/v2/sample/referrers/v1"));
    }

    [Fact]
    public async Task A_manifest_that_went_bad_on_the_disk_is_not_served_and_is_mended_by_a_push()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var digest = await registry.PutImageAsync("sample", "v1");
        await registry.RestartAsync(() => File.WriteAllBytes(Path.Combine(registry.Blobs, digest.Hex), []));
        Assert.Equal("MANIFEST_UNKNOWN", await registry.RefusedAsync(404, "GET", "/v2/sample/manifests/v1"));
        await registry.PutImageAsync("sample", "v1");
        await registry.ExpectAsync(200, "GET", "/v2/sample/manifests/v1");
    }

    [Fact]
    public async Task Pages_and_metrics_say_what_there_is()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var digest = await registry.PutImageAsync("team/sample", "v1");
        Assert.Contains("<a href=\"/team/sample\">team/sample</a>", await registry.ExpectAsync(200, "GET", "/"), StringComparison.Ordinal);
        var page = await registry.ExpectAsync(200, "GET", "/team/sample");
        Assert.Contains(digest.ToString(), page, StringComparison.Ordinal);
        Assert.Contains($"docker pull {registry.Address}/team/sample:v1", page, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;text&lt;/b&gt;", page, StringComparison.Ordinal);
        await registry.ExpectAsync(404, "GET", "/team/nothing");
        var metrics = await registry.ExpectAsync(200, "GET", "/metrics");
        Assert.Contains("yun_registry_requests_total{method=\"POST\",area=\"uploads\",status=\"201\"} 2\n", metrics, StringComparison.Ordinal);
        Assert.Contains("yun_registry_tags 1\n", metrics, StringComparison.Ordinal);
        Assert.Equal("UNSUPPORTED", await registry.RefusedAsync(405, "PATCH", "/v2/team/sample/tags/list"));
    }
}
