using System.Buffers.Binary;
using System.Text;
using Yun.Node.Machines.Disks;
using Yun.Tests.Images.Registry;

namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>What cannot be a machine is refused with the reason, and nothing is left of it. None of these boots.</summary>
public sealed class RefusalTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Theory]
    [InlineData("has nothing to start from")]
    [InlineData("16 MiB of memory at least", "--disk", "1m", "-m", "1m")]
    [InlineData("MiB of memory, and this host has", "--disk", "1m", "-m", "900g")]
    [InlineData("processors here, not 4096", "--disk", "1m", "--cpus", "4096")]
    [InlineData("No such disk: nosuch", "--disk", "nosuch")]
    [InlineData("The disk /nosuch does not exist", "--disk", "/nosuch")]
    [InlineData("it is not a regular file", "--disk", "/etc")]
    [InlineData("it is not a regular file", "--disk", "/dev/null")]
    [InlineData("are for a kernel", "--disk", "1m", "--append", "quiet")]
    [InlineData("network nosuch not found", "--disk", "1m", "--network", "nosuch")]
    [InlineData("cannot be on the network host", "--disk", "1m", "--network", "host")]
    [InlineData("unknown policy", "--disk", "1m", "--restart", "sometimes")]
    [InlineData("is no host name", "--disk", "1m", "--hostname", "a,b=c")]
    [InlineData("only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", "--disk", "1m", "--name", "a,b")]
    public async Task What_no_machine_can_be_is_refused(string reason, params string[] options)
    {
        var (daemon, _) = await machines.StartedAsync();
        var created = await daemon.Yun.RunAsync(["machine", "create", .. options]);
        Assert.Equal(1, created.ExitCode);
        Assert.Contains(reason, created.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Empty((await daemon.Yun.RunAsync("machine", "ls", "-aq")).Lines);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "machines", "instances")));
    }

    [Fact]
    public async Task A_file_that_is_no_disk_or_leads_to_other_files_is_refused_by_name()
    {
        var (daemon, _) = await machines.StartedAsync();
        using var files = new ScratchFolder(("text", "some words"), ("empty", ""), ("packed", "\u001F\u008B"), ("vmdk", "# Disk DescriptorFile\n"));
        File.WriteAllBytes(files["packed"], [0x1F, 0x8B, 8, 0]);
        foreach (var (name, feature) in ((string, Action<byte[]>)[])[("backing", header => BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(8), 112)), ("data", header => header[79] = 4), ("encrypted", header => header[35] = 1), ("corrupt", header => header[79] = 2)])
        {
            Qcow2.Create(files[name], 1 << 20);
            var bytes = File.ReadAllBytes(files[name]);
            feature(bytes);
            Encoding.ASCII.GetBytes("/etc/shadow").CopyTo(bytes, 112);
            File.WriteAllBytes(files[name], bytes);
        }
        foreach (var (name, reason) in ((string, string)[])[("text", "it is no disk"), ("empty", "it is empty"), ("packed", "it is packed by gzip"), ("vmdk", "it is a VMDK description"),
            ("backing", "it names another file as its backing file"), ("data", "it names another file that holds its data"), ("encrypted", "it is encrypted"), ("corrupt", "it is corrupt")])
        {
            foreach (var command in (string[][])[["machine", "create", "--disk", files[name]], ["machine", "import", files[name]]])
            {
                var refused = await daemon.Yun.RunAsync(command);
                Assert.Equal(1, refused.ExitCode);
                Assert.Contains(reason, refused.Error);
            }
        }
        Assert.Empty((await daemon.Yun.RunAsync("machine", "ls", "-aq")).Lines);
        Assert.Empty((await daemon.Yun.RunAsync("machine", "disk", "ls", "-q")).Lines);
    }

    [Fact]
    public async Task A_name_in_use_and_a_kernel_that_is_none_are_told_with_the_words_of_who_knows()
    {
        var (daemon, _) = await machines.StartedAsync();
        var yun = daemon.Yun;
        using var files = new ScratchFolder(("kernel", new string('x', 4096)));
        File.WriteAllBytes(files["disk"], new byte[1 << 20]);
        await yun.TextAsync("machine", "create", "--name", "broken", "--kernel", files["kernel"], "--network", "none");
        try
        {
            var twice = await yun.RunAsync("machine", "create", "--name", "broken", "--disk", "1m");
            Assert.Contains("The name broken is already in use by machine", twice.Error);
            var started = await yun.RunAsync("machine", "start", "broken");
            Assert.Equal(1, started.ExitCode);
            Assert.Contains("QEMU of machine broken ended at its start: qemu: invalid kernel header", started.Error);
            Assert.StartsWith("created QEMU of machine broken", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}} {{.State.Error}}", "broken"));
            // What is no disk any more at the start, and what was raw stays raw whatever a guest has written into it.
            await yun.TextAsync("machine", "create", "--name", "exchanged", "--disk", files["disk"], "--network", "none");
            Qcow2.Create(files["other"], 1 << 20);
            File.WriteAllBytes(files["disk"], [.. File.ReadAllBytes(files["other"]), .. new byte[512]]);
            await yun.TextAsync("machine", "start", "exchanged");
            Assert.Equal("raw", await yun.TextAsync("machine", "inspect", "-f", "{{range .Disks}}{{.Format}}{{end}}", "exchanged"));
            // It is the machine's as long as that runs, and nobody else's.
            var second = await yun.RunAsync("machine", "create", "--name", "second", "--disk", files["disk"], "--network", "none");
            Assert.Contains("is in use by another machine", (await yun.RunAsync("machine", "start", "second")).Error);
            await yun.TextAsync("machine", "kill", "exchanged");
            Assert.Equal("137 it was killed", await yun.TextAsync("machine", "inspect", "-f", "{{.State.ExitCode}} {{.State.Cause}}", "exchanged"));
            Assert.Equal("0", (await new Command("stat", "-c", "%u", files["disk"]).RunAsync()).Text);
            foreach (var (action, words) in ((string, string)[])[("kill", "is not running"), ("pause", "is not running"), ("resume", "is not running"), ("save", "is not running")])
                Assert.Contains(words, (await yun.RunAsync("machine", action, "exchanged")).Error);
            Assert.Contains("No such machine: nobody", (await yun.RunAsync("machine", "start", "nobody")).Error);
        }
        finally { await yun.RunAsync("machine", "rm", "-f", "broken", "exchanged", "second"); }
    }

    [Fact]
    public async Task Clones_share_what_they_had_and_disks_grow_and_are_exported_whole()
    {
        var (daemon, _) = await machines.StartedAsync();
        var yun = daemon.Yun;
        using var files = new ScratchFolder();
        var content = new byte[3 << 20];
        Random.Shared.NextBytes(content.AsSpan(1 << 20, 300_000));
        File.WriteAllBytes(files["base"], content);
        await yun.TextAsync("machine", "import", files["base"]);
        await yun.TextAsync("machine", "create", "--name", "first", "--disk", "base", "--network", "none");
        try
        {
            await yun.TextAsync("machine", "clone", "first", "second");
            await yun.TextAsync("machine", "clone", "second", "third");
            Assert.Contains("is in use by the machine", (await yun.RunAsync("machine", "disk", "rm", "base")).Error);
            await yun.TextAsync("machine", "rm", "first");
            await yun.TextAsync("machine", "snapshot", "create", "third", "empty");
            Assert.Contains("has snapshots", (await yun.RunAsync("machine", "clone", "third")).Error);
            Assert.Contains("cannot become smaller", (await yun.RunAsync("machine", "resize", "third", "1m")).Error);
            await yun.TextAsync("machine", "resize", "third", "5m");
            await yun.TextAsync("machine", "export", "third", "-o", files["exported"]);
            await yun.TextAsync("machine", "restore", "third", "empty");
            await using (var registry = await ReferenceRegistry.StartAsync())
            {
                Assert.Contains("digest: sha256:", await yun.TextAsync("machine", "push", "third", $"{registry.Address}/disks/third:1"));
                Assert.Equal("pulled", await yun.TextAsync("machine", "pull", "--name", "pulled", $"{registry.Address}/disks/third:1"));
                Assert.Contains("no container image", (await daemon.Docker.RunAsync("pull", $"{registry.Address}/disks/third:1")).Error);
                await daemon.Docker.TextAsync("tag", "busybox", $"{registry.Address}/busybox");
                await daemon.Docker.TextAsync("push", $"{registry.Address}/busybox");
                Assert.Contains("is an image, not", (await yun.RunAsync("machine", "pull", $"{registry.Address}/busybox")).Error);
                await daemon.Docker.TextAsync("rmi", $"{registry.Address}/busybox");
            }
            // Read again by being imported, enlarged over and exported once more.
            await yun.TextAsync("machine", "import", "--name", "again", files["exported"]);
            Assert.Equal("again qcow2 5MiB", (await yun.TextAsync("machine", "disk", "ls", "--format", "{{.Name}} {{.Format}} {{.Size}}")).Split('\n')[0]);
            var image = await new Command(Path.Combine((await GuestSystem.Made("unpacked", "qemu-utils").RunAsync()).Text, "usr/bin/qemu-img"), "convert", "-O", "raw", files["exported"], files["raw"]).RunAsync();
            if (image.ExitCode == 0) Assert.True(File.ReadAllBytes(files["raw"]).AsSpan(0, content.Length).SequenceEqual(content));
        }
        finally
        {
            await yun.RunAsync("machine", "rm", "-f", "first", "second", "third");
            await yun.RunAsync("machine", "disk", "rm", "base", "again", "pulled");
        }
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "machines", "library")));
    }
}
