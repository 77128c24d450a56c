namespace Yun.Tests.EndToEnd.ImageMachines;

/// <summary>The table that shows what process, container and virtual machine cost.</summary>
public sealed class IsolationTests(MachineFixture machines) : IClassFixture<MachineFixture>
{
    [Fact]
    public async Task One_image_is_compared_as_process_container_and_machine_and_nothing_is_left_of_it()
    {
        var daemon = await machines.StartedAsync();
        var port = $"{LoopbackPort.Free()}";
        var bench = (await daemon.Yun.RunAsync("bench", "isolation", "--port", port, "--rounds", "1", "--seconds", "1", "busybox", "httpd", "-f", "-p", port)).Succeeded();
        Assert.Equal(["PROCESS", "CONTAINER", "VIRTUAL MACHINE"], bench.Lines[0].Split("   ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        foreach (var title in (string[])["first answer after", "memory", "disk besides the image", "requests per second"])
            Assert.Contains(bench.Lines, line => line.StartsWith(title, StringComparison.Ordinal) && !line.Contains(" - ", StringComparison.Ordinal));
        Assert.Empty((await daemon.Docker.RunAsync("ps", "-aq")).Lines);
    }

    [Fact]
    public async Task A_program_that_serves_nothing_is_said_to()
    {
        var daemon = await machines.StartedAsync();
        var bench = await daemon.Yun.RunAsync("bench", "isolation", "--port", $"{LoopbackPort.Free()}", "busybox", "sh", "-c", "exit 3");
        Assert.Equal(1, bench.ExitCode);
        Assert.Contains("busybox as a process did not answer HTTP on port", bench.Error, StringComparison.Ordinal);
        Assert.Contains("it ended with 3", bench.Error, StringComparison.Ordinal);
        Assert.Empty((await daemon.Docker.RunAsync("ps", "-aq")).Lines);
    }
}
