namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>Several systems at once on one machine, of which none knows of the others.</summary>
public sealed class SeveralTests(WholeMachineFixture machines) : IClassFixture<WholeMachineFixture>
{
    [Fact]
    public async Task Linux_by_UEFI_a_memory_test_and_a_boot_loader_run_side_by_side_and_one_is_stopped_alone()
    {
        var (daemon, system) = await machines.StartedAsync();
        var yun = daemon.Yun;
        var memtest = Path.Combine((await GuestSystem.Made("unpacked", "memtest86+").RunAsync()).Succeeded().Text, "boot", "memtest86+x64.bin");
        var loader = Path.Combine((await GuestSystem.Made("unpacked", "u-boot-qemu").RunAsync()).Succeeded().Text, "usr", "lib", "u-boot", "qemu-x86", "u-boot.rom");
        string[] names = ["linux", "memtest", "loader"];
        try
        {
            await yun.TextAsync(["machine", "create", "--name", "linux", .. system.Options, "--firmware", "uefi", "-m", "192m", "--network", "none"]);
            await yun.TextAsync("machine", "create", "--name", "memtest", "--kernel", memtest, "--append", "console=ttyS0,115200", "-m", "64m", "--network", "none");
            await yun.TextAsync("machine", "create", "--name", "loader", "--firmware", loader, "-m", "128m", "--network", "none");
            await yun.TextAsync(["machine", "start", .. names]);
            Assert.Equal(3, (await yun.RunAsync("machine", "ls", "-q")).Lines.Length);
            // It draws, and never ends a line that a log could have.
            await using (var screen = yun.OnTerminal("machine console memtest")) await screen.SeeAsync("Testing");
            foreach (var (name, words) in ((string, string)[])[("loader", "U-Boot 20"), ("linux", "the guest is up")])
                await Eventually.HoldsAsync(async () => (await yun.RunAsync("machine", "logs", name)).Output.Contains(words, StringComparison.OrdinalIgnoreCase));
            await yun.TextAsync("machine", "stop", "-t", "0", "memtest");
            Assert.Equal("exited running running", string.Join(' ', await Task.WhenAll(((string[])["memtest", "loader", "linux"]).Select(name => yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}}", name)))));
            await using var console = yun.OnTerminal("machine console linux");
            await console.TypeAsync("\rls -d /sys/firmware/efi; echo alive $((1+1))\r");
            await console.SeeAsync("alive 2");
            Assert.DoesNotContain("No such file", console.Seen);
        }
        finally { await yun.RunAsync(["machine", "rm", "-f", .. names]); }
    }
}
