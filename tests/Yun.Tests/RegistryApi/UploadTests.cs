using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Yun.Images.Repositories;
using Yun.Oci;

namespace Yun.Tests.RegistryApi;

/// <summary>Blobs on their way in (OCI distribution spec 1.1, "Pushing blobs").</summary>
public sealed class UploadTests
{
    private static readonly byte[] s_blob = RandomNumberGenerator.GetBytes(1_000_000);
    private static readonly Digest s_digest = Digest.Of(s_blob);

    private static async Task<string> BeginAsync(ServedRegistry registry, string name = "team/sample")
    {
        using var begun = await registry.SendAsync("POST", $"/v2/{name}/blobs/uploads/");
        Assert.Equal(202, (int)begun.StatusCode);
        Assert.True(begun.Headers.Contains("Docker-Upload-UUID"));
        return begun.Headers.Location!.ToString();
    }

    private static async Task HasItAsync(ServedRegistry registry, string name = "team/sample") =>
        Assert.Equal(s_blob, await registry.Http.GetByteArrayAsync($"/v2/{name}/blobs/{s_digest}"));

    [Fact]
    public async Task A_blob_arrives_in_one_request_in_two_and_in_chunks()
    {
        await using var registry = await ServedRegistry.StartAsync();
        using (var one = await registry.SendAsync("POST", $"/v2/one/blobs/uploads/?digest={s_digest}", s_blob))
        {
            Assert.Equal((201, $"/v2/one/blobs/{s_digest}"), ((int)one.StatusCode, one.Headers.Location!.ToString()));
            Assert.Equal(s_digest.ToString(), one.Headers.GetValues("Docker-Content-Digest").Single());
        }
        await HasItAsync(registry, "one");

        await registry.ExpectAsync(201, "PUT", $"{await BeginAsync(registry, "two")}?digest={s_digest}", s_blob);
        await HasItAsync(registry, "two");

        var upload = await BeginAsync(registry, "many");
        foreach (var (start, end) in new[] { (0, 399_999), (400_000, 799_999) })
        {
            using var patched = await registry.SendAsync("PATCH", upload, s_blob[start..(end + 1)], ("Content-Range", $"{start}-{end}"));
            Assert.Equal((202, $"0-{end}"), ((int)patched.StatusCode, patched.Headers.GetValues("Range").Single()));
            upload = patched.Headers.Location!.ToString();
        }
        await registry.ExpectAsync(201, "PUT", $"{upload}?digest={s_digest}", s_blob[800_000..], ("Content-Range", "800000-999999"));
        await HasItAsync(registry, "many");
        Assert.Single(Directory.GetFiles(registry.Blobs));
        Assert.Empty(Directory.GetFiles(registry.Uploads));
    }

    [Fact]
    public async Task A_chunk_out_of_order_is_refused_with_the_place_to_go_on()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var upload = await BeginAsync(registry);
        await registry.ExpectAsync(202, "PATCH", upload, s_blob[..1000], ("Content-Range", "0-999"));
        foreach (var range in new[] { "0-999", "2000-2999", "1000-1500", "x-y" })
        {
            using var refused = await registry.SendAsync("PATCH", upload, s_blob[..1000], ("Content-Range", range));
            Assert.Equal((416, "0-999"), ((int)refused.StatusCode, refused.Headers.GetValues("Range").Single()));
        }
        using (var told = await registry.SendAsync("GET", upload)) Assert.Equal((204, "0-999"), ((int)told.StatusCode, told.Headers.GetValues("Range").Single()));
        await registry.ExpectAsync(202, "PATCH", upload, s_blob[1000..]);
        await registry.ExpectAsync(201, "PUT", $"{upload}?digest={s_digest}");
        await HasItAsync(registry);
    }

    [Fact]
    public async Task An_upload_goes_on_after_the_registry_was_restarted()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var upload = await BeginAsync(registry);
        await registry.ExpectAsync(202, "PATCH", upload, s_blob[..700_000]);
        await registry.RestartAsync();
        using (var told = await registry.SendAsync("GET", upload)) Assert.Equal("0-699999", told.Headers.GetValues("Range").Single());
        await registry.ExpectAsync(201, "PUT", $"{upload}?digest={s_digest}", s_blob[700_000..]);
        await HasItAsync(registry);
    }

    [Fact]
    public async Task What_came_before_a_client_vanished_is_kept_and_gone_on_from()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var upload = await BeginAsync(registry);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(System.Net.IPEndPoint.Parse(registry.Address));
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"PATCH {upload} HTTP/1.1\r\nHost: x\r\nContent-Length: {s_blob.Length}\r\n\r\n"));
            await stream.WriteAsync(s_blob.AsMemory(0, 600_000));
            await stream.FlushAsync();
            await Yun.Tests.EndToEnd.Eventually.HoldsAsync(() => Task.FromResult(new FileInfo(Directory.GetFiles(registry.Uploads).Single()).Length > 0));
        }
        long had = 0;
        await Yun.Tests.EndToEnd.Eventually.HoldsAsync(async () =>
        {
            using var told = await registry.SendAsync("GET", upload);
            var before = had;
            had = long.Parse(told.Headers.GetValues("Range").Single()[2..]) + 1;
            return had > 1 && had == before;
        });
        await registry.ExpectAsync(201, "PUT", $"{upload}?digest={s_digest}", s_blob[(int)had..], ("Content-Range", $"{had}-{s_blob.Length - 1}"));
        await HasItAsync(registry);
    }

    [Fact]
    public async Task What_is_not_what_its_digest_says_is_refused_and_thrown_away()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var other = Digest.Of("other"u8);
        Assert.Equal("DIGEST_INVALID", await registry.RefusedAsync(400, "POST", $"/v2/sample/blobs/uploads/?digest={other}", s_blob));
        var upload = await BeginAsync(registry, "sample");
        Assert.Equal("DIGEST_INVALID", await registry.RefusedAsync(400, "PUT", $"{upload}?digest={other}", s_blob));
        Assert.Equal("BLOB_UPLOAD_UNKNOWN", await registry.RefusedAsync(404, "GET", upload));
        Assert.Equal("DIGEST_INVALID", await registry.RefusedAsync(400, "PUT", $"{await BeginAsync(registry, "sample")}?digest=sha256:1234", s_blob));
        Assert.Equal("BLOB_UNKNOWN", await registry.RefusedAsync(404, "GET", $"/v2/sample/blobs/{other}"));
        Assert.Empty(Directory.GetFiles(registry.Blobs));
    }

    [Fact]
    public async Task An_upload_belongs_to_its_repository_and_ends_when_it_is_given_up()
    {
        await using var registry = await ServedRegistry.StartAsync();
        var upload = await BeginAsync(registry);
        Assert.Equal("BLOB_UPLOAD_UNKNOWN", await registry.RefusedAsync(404, "PATCH", upload.Replace("team/sample", "team/other", StringComparison.Ordinal), s_blob));
        Assert.Equal("BLOB_UPLOAD_UNKNOWN", await registry.RefusedAsync(404, "GET", "/v2/team/sample/blobs/uploads/..%2f..%2fblobs"));
        await registry.ExpectAsync(204, "DELETE", upload);
        Assert.Equal("BLOB_UPLOAD_UNKNOWN", await registry.RefusedAsync(404, "PUT", $"{upload}?digest={s_digest}", s_blob));
        Assert.Empty(Directory.GetFiles(registry.Uploads));
    }

    [Fact]
    public async Task A_blob_larger_than_allowed_is_refused_and_its_room_comes_back()
    {
        await using var registry = await ServedRegistry.StartAsync(options => options with { Limits = new RepositoryLimits(BlobBytesMax: 500_000) });
        Assert.Equal("SIZE_INVALID", await registry.RefusedAsync(413, "POST", $"/v2/sample/blobs/uploads/?digest={s_digest}", s_blob));
        var upload = await BeginAsync(registry, "sample");
        await registry.ExpectAsync(202, "PATCH", upload, s_blob[..400_000]);
        Assert.Equal("SIZE_INVALID", await registry.RefusedAsync(413, "PATCH", upload, s_blob[400_000..800_000]));
        Assert.Empty(Directory.GetFiles(registry.Uploads));
        await registry.PutBlobAsync("sample", s_blob[..500_000]);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_its_room_comes_back()
    {
        if (Environment.UserName != "root") Assert.Skip("Mounting a small disk needs root.");
        await using var registry = await ServedRegistry.StartAsync(prepare: folder =>
            new Yun.Tests.EndToEnd.Command("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder.Path).RunAsync().GetAwaiter().GetResult().Succeeded());
        try
        {
            await registry.PutImageAsync("sample", "v1");
            var large = new byte[20 << 20];
            Assert.Equal("UNAVAILABLE", await registry.RefusedAsync(507, "POST", $"/v2/sample/blobs/uploads/?digest={Digest.Of(large)}", large));
            Assert.Empty(Directory.GetFiles(registry.Uploads));
            await registry.ExpectAsync(200, "GET", "/v2/sample/manifests/v1");
            // A process that another test starts holds the deleted file, until it has become another program.
            var small = new byte[4 << 20];
            await Yun.Tests.EndToEnd.Eventually.HoldsAsync(async () =>
            {
                using var sent = await registry.SendAsync("POST", $"/v2/sample/blobs/uploads/?digest={Digest.Of(small)}", small);
                return (int)sent.StatusCode == 201;
            });
        }
        finally
        {
            (await new Yun.Tests.EndToEnd.Command("umount", "-l", registry.Folder.Path).RunAsync()).Succeeded();
        }
    }

    [Fact]
    public async Task A_blob_is_taken_from_another_repository_that_has_it()
    {
        await using var registry = await ServedRegistry.StartAsync();
        await registry.PutBlobAsync("one", s_blob);
        Assert.Equal("BLOB_UNKNOWN", await registry.RefusedAsync(404, "GET", $"/v2/two/blobs/{s_digest}"));
        await registry.ExpectAsync(201, "POST", $"/v2/two/blobs/uploads/?mount={s_digest}&from=one");
        await HasItAsync(registry, "two");
        await registry.ExpectAsync(202, "POST", $"/v2/three/blobs/uploads/?mount={Digest.Of("none"u8)}&from=one");
        Assert.Single(Directory.GetFiles(registry.Blobs));
    }

    [Fact]
    public async Task Many_clients_that_send_one_blob_at_once_all_succeed()
    {
        await using var registry = await ServedRegistry.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => registry.PutBlobAsync($"team{i % 2}", s_blob)));
        await HasItAsync(registry, "team0");
        Assert.Single(Directory.GetFiles(registry.Blobs));
    }
}
