using System.Security.Cryptography;
using Yun.Oci;
using Yun.Tests.Archives;
using Yun.Tests.Images.Registry;
using Yun.Tests.RegistryApi;

namespace Yun.Tests.EndToEnd;

/// <summary>Pulls, loads, pushes and builds that a small disk has no room for: each says so, what was there stays as it was, and its room comes back by itself.</summary>
public sealed class FullDiskTransferTests
{
    private const int Megabyte = 1 << 20;

    [Fact]
    public async Task What_the_engines_disk_has_no_room_for_fails_with_a_sentence_and_leaves_nothing()
    {
        using var disk = await CutDisk.MakeAsync("48M");
        await using var registry = await ReferenceRegistry.StartAsync();
        using var content = new RegistryContent(registry.Url);
        await content.PutImageAsync("small", Platform.Host, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, Tar(Random(Megabyte)));
        await content.PutImageAsync("large", Platform.Host, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, Tar(Random(60 * Megabyte)));
        // Little to fetch, and much to unpack.
        var hollow = Tar(new byte[60 * Megabyte]);
        await content.PutImageAsync("hollow", Platform.Host, docker: false, RegistryContent.Gzip, MediaTypes.OciLayerGzip, hollow);
        await using var daemon = Daemon.OnDisk(disk);
        await daemon.StartAgainAsync();
        Clients.BuildxPlugin.PutInto(daemon);
        using var api = new PlainApi(daemon);
        (await daemon.Docker.RunAsync("import", "-c", "CMD [\"sh\"]", TestTools.BusyboxRoot, "busybox")).Succeeded();
        (await daemon.Docker.RunAsync("pull", $"{registry.Address}/sample:small")).Succeeded();
        using var files = new ScratchFolder();
        await File.WriteAllBytesAsync(files["large.tar"], Tar(Random(60 * Megabyte)));
        Directory.CreateDirectory(files["context"]);
        await File.WriteAllBytesAsync(files["context/large"], Random(60 * Megabyte));
        var images = await ImagesAsync();
        var (room, data) = (0L, $"/proc/{daemon.Pid}/root{daemon.DataRoot}");
        await RoomIsBackAsync();
        room = Free();

        await FailsAsync(() => daemon.Docker.RunAsync("pull", $"{registry.Address}/sample:large"));
        await FailsAsync(() => daemon.Docker.RunAsync("pull", $"{registry.Address}/sample:hollow"));
        await FailsAsync(() => daemon.Docker.RunAsync("import", files["large.tar"], "large"));
        foreach (var buildKit in new[] { "0", "1" })
        {
            files.Write("context/Dockerfile", "FROM busybox\nCOPY large /\n");
            await FailsAsync(() => BuildAsync(buildKit), buildKit == "0" ? "is refused: the files have more than" : "the disk has room for");
            files.Write("context/Dockerfile", "FROM busybox\nRUN dd if=/dev/zero of=/zeros bs=1M count=60\n");
            files.Write("context/.dockerignore", "large\n");
            await FailsAsync(() => BuildAsync(buildKit), buildKit == "0" ? "returned a non-zero code: 1" : "exit code: 1");
            File.Delete(files["context/.dockerignore"]);
        }
        // A push compresses what has not travelled yet, and keeps that. Here the disk is filled by others meanwhile.
        await using (var taken = new FileStream($"{data}/taken", FileMode.CreateNew))
        {
            (await daemon.Docker.RunAsync("tag", "busybox", $"{registry.Address}/busybox")).Succeeded();
            taken.SetLength(0);
            var block = Random(Megabyte / 4);
            // The file system keeps a little for itself.
            try { while (true) RandomAccess.Write(taken.SafeFileHandle, block, RandomAccess.GetLength(taken.SafeFileHandle)); }
            catch (IOException) { }
            (await daemon.Docker.RunAsync("push", $"{registry.Address}/busybox")).EndedWith(1).FailedSaying("no space left on");
        }
        File.Delete($"{data}/taken");
        (await daemon.Docker.RunAsync("rmi", $"{registry.Address}/busybox")).Succeeded();
        await RoomIsBackAsync();
        Assert.Equal((200, ""), await api.SendAsync("POST", "/yun/v1/system/verify"));

        async Task FailsAsync(Func<Task<CommandResult>> work, string saying = "no space left on")
        {
            (await work()).FailedSaying(saying);
            Assert.Equal(images, await ImagesAsync());
            Assert.Equal((200, ""), await api.SendAsync("POST", "/yun/v1/system/verify"));
            await RoomIsBackAsync();
            Assert.Equal("room", await daemon.Docker.TextAsync("run", "--rm", "busybox", "echo", "room"));
        }

        Task<string> ImagesAsync() => daemon.Docker.TextAsync("images", "-a", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}");

        async Task<CommandResult> BuildAsync(string buildKit)
        {
            var build = daemon.Docker.CommandOf(daemon.Docker.Program, ["build", files["context"]]);
            build.Environment["DOCKER_BUILDKIT"] = buildKit;
            return await build.RunAsync();
        }

        long Free() => new DriveInfo(data).TotalFreeSpace;

        // But for what the store itself has grown by.
        Task RoomIsBackAsync() => Eventually.HoldsAsync(() => Task.FromResult(Free() > room - Megabyte));
    }

    [Fact]
    public async Task A_registry_whose_disk_is_full_says_so_to_who_pushes_and_serves_what_it_has()
    {
        using var disk = await CutDisk.MakeAsync("32M");
        await using var registry = NativeRegistry.New([], disk.Path);
        await registry.StartAsync();
        await using var daemon = await Daemon.StartAsync();
        using var files = new ScratchFolder();
        foreach (var (name, size) in new[] { ("small", 1), ("large", 40), ("later", 8) })
        {
            await File.WriteAllBytesAsync(files[$"{name}.tar"], Tar(Random(size * Megabyte)));
            (await daemon.Docker.RunAsync("import", files[$"{name}.tar"], $"{registry.Address}/{name}")).Succeeded();
        }
        (await daemon.Docker.RunAsync("push", $"{registry.Address}/small")).Succeeded();
        (await daemon.Docker.RunAsync("push", $"{registry.Address}/large")).EndedWith(1).FailedSaying("disk is full");
        Assert.Empty(Directory.GetFiles($"{registry.Data}/content/uploads"));
        (await daemon.Docker.RunAsync("rmi", $"{registry.Address}/small")).Succeeded();
        (await daemon.Docker.RunAsync("pull", $"{registry.Address}/small")).Succeeded();
        (await daemon.Docker.RunAsync("push", $"{registry.Address}/later")).Succeeded();
        Assert.All(Directory.GetFiles($"{registry.Data}/content/blobs/sha256"), path => Assert.Equal(Path.GetFileName(path), Digest.Of(File.ReadAllBytes(path)).Hex));
    }

    private static byte[] Random(int bytes) => RandomNumberGenerator.GetBytes(bytes);

    private static byte[] Tar(byte[] content) => new TarBytes().Entry("content", '0', content).End();
}
