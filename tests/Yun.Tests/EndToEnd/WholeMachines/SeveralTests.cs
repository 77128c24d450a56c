using Yun.Node.Machines;

namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>Several systems at once on one machine, of which none knows of the others; one is a hypervisor of the native kind, with guests of its own.</summary>
public sealed class SeveralTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Fact]
    public async Task Xen_with_a_guest_two_Linux_kernels_a_memory_test_and_a_boot_loader_run_at_once_and_one_is_stopped_alone()
    {
        var (daemon, system) = await machines.StartedAsync();
        var yun = daemon.Yun;
        var xen = await GuestSystem.Made("xen").RunAsync();
        Assert.SkipWhen(xen.ExitCode != 0, $"there is no Xen here: {xen.Error.Trim()}");
        var memtest = Path.Combine((await GuestSystem.Made("unpacked", "memtest86+").RunAsync()).Succeeded().Text, "boot", "memtest86+x64.bin");
        var loader = Path.Combine((await GuestSystem.Made("unpacked", "u-boot-qemu").RunAsync()).Succeeded().Text, "usr", "lib", "u-boot", "qemu-x86", "u-boot.rom");
        using var files = new ScratchFolder();
        // The first domain's kernel, unpacked: an emulated processor takes long for it.
        File.WriteAllBytes(files["vmlinux"], KernelImage.Unpack(File.ReadAllBytes(Path.Combine(xen.Text, "vmlinuz"))));
        string[] names = ["xen", "linux", "generic", "memtest", "loader"];
        try
        {
            await yun.TextAsync("machine", "create", "--name", "xen", "-m", "1g", "--network", "none", "--kernel", Path.Combine(xen.Text, "xen"), "--append", "com1=115200,8n1 console=com1 dom0_mem=512M,max:512M dom0_max_vcpus=1 loglvl=warning guest_loglvl=warning",
                "--module", $"{files["vmlinux"]} console=hvc0 quiet panic=5", "--module", Path.Combine(xen.Text, "initrd"), "--cpu-flag=-smap", "--cpu-flag=-smep", "--cpu-flag=-rdtscp");
            await yun.TextAsync("machine", "start", "xen");
            await using var dom0 = yun.OnTerminal("machine console --logs xen");
            await dom0.SeeAsync("the first domain is up");
            await dom0.SeeAsync("dom0# ");
            // What the processor has besides keeps others waiting: so the others come when it idles.
            await yun.TextAsync(["machine", "create", "--name", "linux", .. system.Options, "--firmware", "uefi", "-m", "192m", "--network", "none"]);
            await yun.TextAsync("machine", "create", "--name", "generic", "--kernel", files["vmlinux"], "--initrd", system.InitialRoot, "--append", GuestSystem.Append, "-m", "96m", "--network", "none");
            await yun.TextAsync("machine", "create", "--name", "memtest", "--kernel", memtest, "--append", "console=ttyS0,115200", "-m", "64m", "--network", "none");
            await yun.TextAsync("machine", "create", "--name", "loader", "--firmware", loader, "-m", "128m", "--network", "none");
            await GuestLivesAsync(dom0, "pv");
            await GuestLivesAsync(dom0, "pvh");
            await dom0.TypeAsync("xl create -q /pv.cfg; echo again $((4+4))\r");
            await dom0.SeeAsync("again 8");

            // One after the other: each takes a processor while it comes up.
            foreach (var (name, words) in ((string, string)[])[("generic", "the guest is up"), ("loader", "U-Boot 20"), ("linux", "the guest is up"), ("memtest", "Testing")])
            {
                await yun.TextAsync("machine", "start", name);
                await using var line = yun.OnTerminal($"machine console --logs {name}");
                await line.SeeAsync(words);
            }
            await yun.TextAsync("machine", "stop", "-t", "0", "memtest");
            Assert.Equal("exited running running running", string.Join(' ', await Task.WhenAll(((string[])["memtest", "loader", "linux", "generic"]).Select(name => yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}}", name)))));
            await dom0.TypeAsync("xl list; echo still $((5+4))\r");
            await dom0.SeeAsync("still 9");
            await using var console = yun.OnTerminal("machine console linux");
            await console.TypeAsync("\rls -d /sys/firmware/efi; echo alive $((1+1))\r");
            await console.SeeAsync("alive 2");
            Assert.DoesNotContain("No such file", console.Seen);
        }
        finally { await yun.RunAsync(["machine", "rm", "-f", .. names]); }
    }

    /// <summary>Started, saved, gone on with where it was, and ended.</summary>
    private static async Task GuestLivesAsync(TerminalSession dom0, string kind)
    {
        await dom0.TypeAsync($"lives {kind}\r");
        foreach (var words in (string[])["runs", "is saved", "goes on", "ended"]) await dom0.SeeAsync($"{kind} {words}");
    }
}
