using Yun.Oci;
using Yun.Runtime;

namespace Yun.Tests.Runtime.Escapes;

/// <summary>Root file systems whose own links try to lead the start out of them.</summary>
public sealed class ImageLinkTests : IDisposable
{
    private readonly BusyboxBundle _bundle = new();
    private readonly Canary _canary = new();
    private readonly string _parameters = Parameters();

    public void Dispose()
    {
        _canary.AssertUntouched();
        Assert.Equal(_parameters, Parameters());
        _bundle.Dispose();
        _canary.Dispose();
    }

    private static string Parameters() => File.ReadAllText("/proc/sys/kernel/core_pattern") + File.ReadAllText("/proc/sys/kernel/panic");

    private string InRoot(string path) => Path.Combine(_bundle.Root, path.TrimStart('/'));

    private void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(InRoot(path))!);
        if (Directory.Exists(InRoot(path)) && new FileInfo(InRoot(path)).LinkTarget is null) Directory.Delete(InRoot(path), recursive: true);
        else File.Delete(InRoot(path));
        File.CreateSymbolicLink(InRoot(path), target);
    }

    private string Up(string target) => string.Concat(Enumerable.Repeat("../", 20)) + target.TrimStart('/');

    // What it wrote, or nothing when the start was refused.
    private string Run(RuntimeSpec spec)
    {
        spec.Root!.Readonly = false;
        try { return _bundle.Run(spec).Output; }
        catch (LaunchException) { return ""; }
    }

    [Fact]
    public void CVE_2025_31133_masks_are_made_of_our_own_null_device()
    {
        var spec = _bundle.Spec("sh", "-c", "stat -c %t:%T /proc/timer_list /proc/keys; cat /proc/keys; (echo evil >/proc/keys) 2>&-; ls /sys/firmware");
        // With the image's /dev, where null leads to a parameter of the kernel's.
        spec.Mounts!.RemoveAll(m => m.Destination.StartsWith("/dev", StringComparison.Ordinal));
        Link("/dev/null", "/proc/sys/kernel/core_pattern");
        Assert.Equal("1:3\n1:3\n", Run(spec));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void CVE_2025_52565_the_console_is_a_terminal_and_nothing_else(bool ownDev)
    {
        var spec = _bundle.Spec("sh", "-c", "tty; stat -c %F /proc/self/fd/0 -L; ls -l /dev/console");
        spec.Process!.Terminal = true;
        if (!ownDev) spec.Mounts!.RemoveAll(m => m.Destination == "/dev");
        foreach (var name in (string[])["/dev/console", "/dev/ptmx", "/dev/pts/0", "/dev/pts/ptmx"]) Link(name, "/proc/sysrq-trigger");
        try
        {
            using var process = _bundle.Launch(spec);
            Assert.Equal(0, Yun.Linux.ProcessDescriptor.Wait(process.PidFd).Code);
            var buffer = new byte[4096];
            Assert.Contains("/dev/pts/0", System.Text.Encoding.ASCII.GetString(buffer, 0, Yun.Linux.Pipe.ReadSome(process.Terminal!, buffer)));
        }
        catch (LaunchException) when (!ownDev) { }
        Assert.Equal("/proc/sysrq-trigger", File.ResolveLinkTarget(InRoot("/dev/console"), false)!.FullName);
    }

    [Fact]
    public void CVE_2025_52881_parameters_are_written_through_a_procfs_of_our_own()
    {
        var spec = _bundle.Spec("cat", "/proc/sys/net/ipv4/ip_forward");
        spec.Linux!.Sysctl = new() { ["net.ipv4.ip_forward"] = "1" };
        // A tree that looks like procfs and leads elsewhere, in a folder that is mounted where procfs should be.
        Link("/fake/sys/net/ipv4/ip_forward", "/proc/sys/kernel/core_pattern");
        spec.Mounts!.Insert(1, new SpecMount { Destination = "/other", Type = "bind", Source = InRoot("/fake"), Options = ["bind"] });
        Assert.Equal("1\n", Run(spec));
    }

    [Theory]
    [InlineData("/proc", "/"), InlineData("/proc", "up"), InlineData("/proc", "file"), InlineData("/proc", "fifo"), InlineData("/sys", "/"), InlineData("/sys", "up"), InlineData("/sys", "file"), InlineData("/sys", "fifo")]
    public void CVE_2019_19921_and_CVE_2023_27561_a_link_does_not_decide_what_is_procfs(string path, string kind)
    {
        if (kind is "/" or "up") Link(path, kind == "/" ? _canary.Path : Up(_canary.Path));
        else
        {
            Directory.Delete(InRoot(path), recursive: true);
            if (kind == "file") File.WriteAllText(InRoot(path), "");
            else Yun.Linux.Files.MakeFifo(InRoot(path), 0x1b6);
        }
        Assert.Equal("", Run(_bundle.Spec("sh", "-c", "echo started")));
    }

    [Theory]
    [InlineData("/proc/self"), InlineData("/proc/self/attr"), InlineData("/proc/sys/kernel"), InlineData("/proc/thread-self"), InlineData("/proc/../proc/sys"), InlineData("//proc//sys")]
    public void CVE_2019_16884_nothing_is_mounted_inside_proc(string destination)
    {
        var spec = _bundle.Spec("sh", "-c", "echo started");
        spec.Mounts!.Add(new SpecMount { Destination = destination, Type = "tmpfs", Source = "tmpfs" });
        Assert.StartsWith("mounts[7].destination", Assert.Throws<Yun.Runtime.Compile.SpecException>(() => _bundle.Run(spec)).Message);
    }

    [Theory]
    [InlineData("/dev"), InlineData("/dev/pts"), InlineData("/dev/shm"), InlineData("/dev/mqueue"), InlineData("/sys/fs/cgroup"), InlineData("/etc"), InlineData("/run"), InlineData("/srv")]
    public void CVE_2026_41579_and_CVE_2024_5154_links_under_mount_points_stay_inside(string path)
    {
        foreach (var target in (string[])[_canary.Path, Up(_canary.Path)])
        {
            Link(path, target);
            var spec = _bundle.Spec("sh", "-c", $"cat {_canary.Path}/file 2>/dev/null");
            spec.Linux!.Devices = [new SpecDevice { Path = path + "/device", Type = "c", Major = 1, Minor = 3 }];
            spec.Mounts!.Add(new SpecMount { Destination = path + "/tmpfs", Type = "tmpfs", Source = "tmpfs" });
            spec.Mounts.Add(new SpecMount { Destination = path + "/hosts", Type = "bind", Source = "/etc/hostname", Options = ["bind", "ro"] });
            Assert.DoesNotContain(Canary.Secret, Run(spec));
            _canary.AssertUntouched();
        }
    }

    [Fact]
    public void CVE_2015_3627_a_second_start_is_as_safe_as_the_first()
    {
        var spec = _bundle.Spec("sh", "-c", $"cat {_canary.Path}/file 2>/dev/null; ls /data");
        spec.Mounts!.Add(new SpecMount { Destination = "/data", Type = "tmpfs", Source = "tmpfs" });
        Assert.Equal("", Run(spec));
        Link("/data", _canary.Path);
        Assert.DoesNotContain("inner", Run(spec));
    }

    [Fact]
    public void CVE_2024_21626_no_descriptor_of_ours_becomes_the_working_directory()
    {
        for (var descriptor = 3; descriptor < 48; descriptor++)
        {
            Link("/w", $"/proc/self/fd/{descriptor}");
            var spec = _bundle.Spec("sh", "-c", "echo started; pwd; ls");
            spec.Process!.Cwd = "/w";
            Assert.Equal("", Run(spec));
            spec.Process.Cwd = $"/proc/self/fd/{descriptor}/../../..";
            Assert.Equal("", Run(spec));
        }
    }
}
