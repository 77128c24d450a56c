namespace Yun.Tests.EndToEnd;

public sealed class FullDiskTests
{
    [Fact]
    public async Task On_a_full_disk_an_import_fails_with_a_sentence_and_what_runs_can_be_stopped_and_removed()
    {
        await using var daemon = await Daemon.StartOnSmallDiskAsync(megabytes: 24);
        (await daemon.Docker.RunAsync("import", TestTools.BusyboxRoot, "busybox")).Succeeded();
        await daemon.Docker.TextAsync("run", "-d", "--name", "runs", "busybox", "sh", "-c", "while true; do sleep 0.1; done");

        using (var files = new ScratchFolder())
        {
            (await new Command("sh", "-c", $"head -c 40000000 /dev/urandom > {files["big"]}; tar -C {files.Path} -cf {files["big.tar"]} big").RunAsync()).Succeeded();
            (await daemon.Docker.RunAsync("import", files["big.tar"], "big")).EndedWith(1).FailedSaying("no space left");
        }
        Assert.Equal(["busybox"], (await daemon.Docker.RunAsync("images", "--format", "{{.Repository}}")).Succeeded().Lines);

        // Now to the last block, as a container would.
        await daemon.Docker.RunAsync("exec", "runs", "dd", "if=/dev/zero", "of=/fill", "bs=4k");
        Assert.Equal("running", await daemon.Docker.TextAsync("inspect", "-f", "{{.State.Status}}", "runs"));
        (await daemon.Docker.RunAsync("stop", "-t", "0", "runs")).Succeeded();
        (await daemon.Docker.RunAsync("rm", "runs")).Succeeded();
        Assert.Equal("room again", await daemon.Docker.TextAsync("run", "--rm", "busybox", "echo", "room", "again"));
    }
}
