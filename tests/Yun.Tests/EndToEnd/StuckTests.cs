using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Tests.EndToEnd;

/// <summary>What does not go on for one container keeps nobody else waiting, and is told.</summary>
public sealed partial class StuckTests(DaemonFixture fixture) : EndToEndTest(fixture)
{
    [Fact]
    public async Task A_disk_that_does_not_answer_holds_up_only_who_wants_it()
    {
        using var disk = new UnansweringDisk();
        var (stuck, other) = (Name("stuck"), Name("other"));
        await Docker.TextAsync("run", "-d", "--name", other, "busybox", "sleep", "1000");
        await Docker.TextAsync("create", "--name", stuck, "-v", $"{disk.Path}:/disk", "busybox", "true");
        var start = Docker.RunAsync("start", stuck);
        await disk.WantedAsync();
        await AssertOthersAreServedAsync(other);
        Assert.Equal("created", await Docker.TextAsync("inspect", "-f", "{{.State.Status}}", stuck));
        (await Docker.RunAsync("rm", "-f", stuck)).FailedSaying("is stuck: Start has not ended");
        Assert.False(start.IsCompleted);
        disk.Dispose();
        await start;
        (await Docker.RunAsync("rm", "-f", stuck)).Succeeded();
    }

    [Fact]
    public async Task A_container_that_somebody_else_has_frozen_holds_up_nobody_and_can_be_removed()
    {
        var (frozen, other) = (Name("frozen"), Name("other"));
        await Docker.TextAsync("run", "-d", "--name", other, "busybox", "sleep", "1000");
        var id = await Docker.TextAsync("run", "-d", "--name", frozen, "busybox", "sleep", "1000");
        var cgroup = Yun.Linux.Cgroups.Cgroup.At($"/yun-{Daemon.Hash}/{id}");
        cgroup.Freeze(true);
        await AssertOthersAreServedAsync(other);
        (await Docker.RunAsync("rm", "-f", frozen)).Succeeded();
        Assert.False(cgroup.IsFrozen);
    }

    [Fact]
    public async Task A_client_that_reads_nothing_of_a_container_s_output_holds_up_only_that_container()
    {
        var (loud, other) = (Name("loud"), Name("other"));
        await Docker.TextAsync("run", "-d", "--name", other, "busybox", "sleep", "1000");
        await Docker.TextAsync("run", "-d", "--log-driver", "none", "--name", loud, "busybox", "yes");
        using var attached = new Command(TestTools.Docker, "-H", $"unix://{Daemon.Socket}", "attach", loud).Start();
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await AssertOthersAreServedAsync(other);
        (await Docker.RunAsync("rm", "-f", loud)).Succeeded();
        attached.Kill();
        await attached.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private async Task AssertOthersAreServedAsync(string other)
    {
        Assert.Contains(other, (await Docker.RunAsync("ps", "-a", "--format", "{{.Names}}")).Succeeded().Lines);
        Assert.Equal("running", await Docker.TextAsync("inspect", "-f", "{{.State.Status}}", other));
        Assert.Equal("served", await Docker.TextAsync("exec", other, "echo", "served"));
        Assert.Equal("served", await Docker.TextAsync("run", "--rm", "busybox", "echo", "served"));
        (await Docker.RunAsync("events", "--since", "1s", "--until", "0s")).Succeeded();
        (await Docker.RunAsync("stats", "--no-stream", other)).Succeeded();
    }

    /// <summary>A FUSE file system (fuse(4)) that answers the kernel's greeting and nothing after it, until it is disposed of: then all who wait are told that it is gone.</summary>
    private sealed partial class UnansweringDisk : IDisposable
    {
        private const int InitReplyBytes = 64;

        private readonly ScratchFolder _folder = new();
        private readonly SafeFileHandle _device;
        private bool _disposed;

        public unsafe UnansweringDisk()
        {
            if (!File.Exists("/dev/fuse")) Assert.Skip("The kernel has no FUSE.");
            _device = PathDescriptor.Open(null, "/dev/fuse", OpenFlags.ReadWrite);
            Assert.Equal(0, mount("unanswering", _folder.Path, "fuse", 0, $"fd={_device.DangerousGetHandle()},rootmode=40000,user_id=0,group_id=0,allow_other"));
            var request = Next();
            // fuse_out_header, and fuse_init_out of version 7.31.
            var reply = new byte[16 + InitReplyBytes];
            BinaryPrimitives.WriteInt32LittleEndian(reply, reply.Length);
            request.AsSpan(8, 8).CopyTo(reply.AsSpan(8));
            BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(16), 7);
            BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(20), 31);
            BinaryPrimitives.WriteInt32LittleEndian(reply.AsSpan(36), 128 << 10);
            Assert.Equal(reply.Length, Descriptors.Write(_device, reply, out _));
        }

        public string Path => _folder.Path;

        /// <summary>Waits until somebody asks for something.</summary>
        public Task WantedAsync() => Task.Run(Next).WaitAsync(TimeSpan.FromSeconds(60));

        private byte[] Next()
        {
            var request = new byte[1 << 18];
            Assert.True(Descriptors.Read(_device, request, out var errno) > 0, $"{errno}");
            return request;
        }

        public void Dispose()
        {
            if (_disposed) return;
            _disposed = true;
            // The connection ends with its last descriptor, and everybody gets ENOTCONN.
            _device.Dispose();
            umount2(_folder.Path, 2);
            _folder.Dispose();
        }

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static partial int mount(string source, string target, string type, nuint flags, string data);

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static partial int umount2(string target, int flags);
    }
}
