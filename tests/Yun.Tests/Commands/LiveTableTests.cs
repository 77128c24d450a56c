using Yun.Commands.Containers;
using Yun.DockerApi.Model;

namespace Yun.Tests.Commands;

public sealed class LiveTableTests
{
    private static (string, ContainerStats?) Container(string name, ulong cpu, ulong memory, ulong network, ulong written, ulong processes) => ($"id of {name}", new ContainerStats
    {
        Name = "/" + name, Id = new string('a', 64), Pids = new PidsStats { Current = processes },
        Cpu = new CpuStats { Usage = new CpuUsage { Total = cpu }, SystemUsage = 1000, OnlineCpus = 1 }, Memory = new MemoryStats { Usage = memory, Limit = 1 << 30 },
        Networks = new() { ["eth0"] = new InterfaceStats { RxBytes = network } }, Blkio = new BlkioStats { IoServiceBytesRecursive = [new BlkioEntry { Op = "Write", Value = written }] },
    });

    private static readonly (string, ContainerStats?)[] s_containers =
        [Container("new", 0, 0, 0, 0, 0) with { Item2 = null }, Container("web", 10, 3 << 20, 5000, 0, 9), Container("db", 500, 2 << 20, 3000, 7000, 4), Container("cache", 20, 9 << 20, 4000, 1000, 1)];

    private static IReadOnlyList<string> Lines(LiveOrder order, int rows = 40, int columns = 200) => LiveTable.Lines(s_containers, order, rows, columns);

    [Theory]
    [InlineData(LiveOrder.Cpu, "db cache web --")]
    [InlineData(LiveOrder.Memory, "cache web db --")]
    [InlineData(LiveOrder.Network, "web cache db --")]
    [InlineData(LiveOrder.BlockIo, "db cache web --")]
    [InlineData(LiveOrder.Processes, "web db cache --")]
    public void What_uses_most_comes_first_and_what_is_not_measured_last(LiveOrder order, string names) => Assert.Equal(names.Split(' '), Lines(order).Skip(3).Select(line => line.Split(' ')[0]));

    [Fact]
    public void The_first_lines_say_what_is_seen()
    {
        var lines = Lines(LiveOrder.BlockIo);
        Assert.Equal("4 running, sorted by block I/O", lines[0]);
        Assert.Matches("^NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET I/O +BLOCK I/O +PIDS$", lines[2]);
        Assert.Matches(@"^db +50\.00% +2MiB / 1GiB +0\.20% +3kB / 0B +0B / 7kB +4$", lines[3]);
    }

    [Fact]
    public void A_small_terminal_shows_what_fits()
    {
        var lines = Lines(LiveOrder.Cpu, rows: 4, columns: 20);
        Assert.Equal(4, lines.Count);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 20));
        Assert.StartsWith("db ", lines[3], StringComparison.Ordinal);
    }
}
