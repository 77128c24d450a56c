using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Yun.Tests.EndToEnd.WholeMachines;

/// <summary>A machine that moves from one host to another, which are two network namespaces here.</summary>
public sealed class MoveTests
{
    [Fact]
    public async Task A_machine_moves_with_its_memory_disk_and_address_and_stays_where_it_is_when_it_cannot()
    {
        using var system = await SystemAsync();
        using var hosts = await TwoHosts.MakeAsync();
        await using var source = await Daemon.StartInNamespacesAsync($"--net={hosts.Machine}", "--machine-tools", await ToolsAsync());
        await using var destination = await Daemon.StartInNamespacesAsync($"--net={hosts.Far}", "--machine-tools", await ToolsAsync());
        var (here, there) = (source.Yun, destination.Yun);
        foreach (var daemon in (Daemon[])[source, destination]) await daemon.Docker.TextAsync("network", "create", "--subnet", "10.77.0.0/24", "wide");
        await here.TextAsync(["machine", "create", "--name", "mover", .. system.Options, "-m", "128m", "--network", "wide", "--disk", "32m"]);
        await here.TextAsync("machine", "start", "mover");
        await using (var console = here.OnTerminal("machine console --logs mover"))
        {
            await console.SeeAsync("ready# ");
            await console.TypeAsync("dd if=/dev/urandom of=/dev/vda bs=1M count=8 2>/dev/null; kept=$(dd if=/dev/vda bs=1M count=8 2>/dev/null | md5sum); echo sum $((1+1))\r");
            await console.SeeAsync("sum 2");
            // It writes to the rest of the disk as long as it lives.
            await console.TypeAsync("(i=0; while :; do i=$((i+1)); echo $i > /tmp/last; echo $i | dd of=/dev/vda bs=64k seek=$((200+i%100)) conv=notrunc 2>/dev/null; done) & \r");
        }
        var address = await here.TextAsync("machine", "inspect", "-f", "{{.NetworkSettings.Networks.wide.IPAddress}}", "mover");

        await RefusedAsync(here, "unix:///nosuch.sock", "Cannot connect to the Yun daemon");
        await there.TextAsync("machine", "create", "--name", "mover", "--disk", "1m", "--network", "none");
        await RefusedAsync(here, $"unix://{destination.Socket}", "The name mover is already in use");
        await there.TextAsync("machine", "rm", "mover");
        foreach (var step in (string[])["", "accepted", "everything"])
        {
            using var fake = new FakeDestination(step);
            await RefusedAsync(here, fake.Address, "runs on here");
        }

        await here.TextAsync("machine", "move", "mover", $"unix://{destination.Socket}");
        Assert.Empty((await here.RunAsync("machine", "ls", "-aq")).Lines);
        Assert.Equal($"running {address}", await there.TextAsync("machine", "inspect", "-f", "{{.State.Status}} {{.NetworkSettings.Networks.wide.IPAddress}}", "mover"));
        await using (var console = there.OnTerminal("machine console mover"))
        {
            await console.TypeAsync("\r[ \"$kept\" = \"$(dd if=/dev/vda bs=1M count=8 2>/dev/null | md5sum)\" ] && echo same $((2+1)); a=$(cat /tmp/last); sleep 1; [ $a -lt $(cat /tmp/last) ] && echo writes $((3+1)); dmesg | grep -c -i -E 'bug|error on'\r");
            await console.SeeAsync("same 3");
            await console.SeeAsync("writes 4");
        }
        Assert.Equal("served by the guest", (await new Command("nsenter", $"--net={hosts.Far}", "curl", "-s", "--noproxy", "*", "--max-time", "5", $"http://{address}/").RunAsync()).Text);

        // Nobody knows whether the last of these runs it.
        using (var silent = new FakeDestination("go"))
        {
            var moved = await there.RunAsync("machine", "move", "mover", silent.Address);
            Assert.Contains("did not say that it runs there: look there, then resume it or remove it", moved.Error);
        }
        Assert.Equal("paused", await there.TextAsync("machine", "inspect", "-f", "{{.State.Status}}", "mover"));
        await there.TextAsync("machine", "resume", "mover");
        await AbandonedArrivalLeavesNothingAsync(source);
    }

    private static async Task RefusedAsync(Client yun, string to, string reason)
    {
        var moved = await yun.RunAsync("machine", "move", "mover", to);
        Assert.Equal(1, moved.ExitCode);
        Assert.Contains(reason, moved.Error, StringComparison.Ordinal);
        Assert.Equal("running", await yun.TextAsync("machine", "inspect", "-f", "{{.State.Status}}", "mover"));
        // It can be paused and resumed, so QEMU is as it was.
        await yun.TextAsync("machine", "pause", "mover");
        await yun.TextAsync("machine", "resume", "mover");
    }

    /// <summary>A source that dies in the middle of what it sends.</summary>
    private static async Task AbandonedArrivalLeavesNothingAsync(Daemon daemon)
    {
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(daemon.Socket));
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync("POST /yun/v1/machines/incoming HTTP/1.1\r\nHost: yun\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            await FakeDestination.ReadHeadAsync(stream);
            var offer = $$$"""{"Offer":{"Id":"{{{new string('a', 64)}}}","Name":"half","Config":{"NetworkDisabled":true,"Kernel":"/k","Disks":[{"SizeBytes":1048576}]},"Disks":[{"SizeBytes":1048576}]}}""";
            await FakeDestination.WritePieceAsync(stream, Encoding.UTF8.GetBytes(offer));
            Assert.Contains("accepted", Encoding.UTF8.GetString(await FakeDestination.ReadPieceAsync(stream)), StringComparison.Ordinal);
            await FakeDestination.WritePieceAsync(stream, """{"File":"kernel"}"""u8.ToArray());
            await FakeDestination.WritePieceAsync(stream, new byte[1000]);
        }
        await Eventually.HoldsAsync(() => Task.FromResult(Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "machines", "instances")).Length == 0));
        Assert.Empty((await daemon.Yun.RunAsync("machine", "ls", "-aq")).Lines);
        await daemon.Yun.TextAsync("machine", "create", "--name", "half", "--disk", "1m", "--network", "none");
    }

    private static async Task<string> ToolsAsync() => (await GuestSystem.Made("machine-tools").RunAsync()).Succeeded().Text;

    private static async Task<GuestSystem> SystemAsync()
    {
        var tools = await GuestSystem.Made("machine-tools").RunAsync();
        Assert.SkipWhen(tools.ExitCode != 0, $"there is no QEMU here: {tools.Error.Trim()}");
        var kernel = await GuestSystem.Made("kernel").RunAsync();
        Assert.SkipWhen(kernel.ExitCode != 0, $"there is no kernel for a virtual machine here: {kernel.Error.Trim()}");
        Assert.SkipWhen(Environment.UserName != "root", "namespaces need root");
        return await GuestSystem.MakeAsync();
    }
}

/// <summary>What another daemon could be: it speaks its part up to a step, and is gone.</summary>
internal sealed class FakeDestination : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Task _serving;

    /// <param name="lastStep">Empty: says nothing. accepted: says that. everything: takes all that is sent. go: is ready, and told to begin.</param>
    public FakeDestination(string lastStep)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_folder["sock"]));
        _listener.Listen();
        _serving = ServeAsync(lastStep);
    }

    public string Address => $"unix://{_folder["sock"]}";

    public void Dispose()
    {
        _listener.Dispose();
        _serving.GetAwaiter().GetResult();
        _folder.Dispose();
    }

    internal static async Task<string> ReadHeadAsync(Stream stream)
    {
        var (one, seen) = (new byte[1], "");
        while (!seen.EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1) seen += (char)one[0];
        return seen;
    }

    internal static async Task<byte[]> ReadPieceAsync(Stream stream)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length);
        var piece = new byte[BinaryPrimitives.ReadInt32LittleEndian(length)];
        await stream.ReadExactlyAsync(piece);
        return piece;
    }

    internal static async Task WritePieceAsync(Stream stream, byte[] piece)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, piece.Length);
        await stream.WriteAsync((byte[])[.. length, .. piece]);
    }

    private async Task ServeAsync(string lastStep)
    {
        try
        {
            using var socket = await _listener.AcceptAsync();
            await using var stream = new NetworkStream(socket);
            // It is asked first which API it speaks.
            while ((await ReadHeadAsync(stream)).StartsWith("HEAD /_ping", StringComparison.Ordinal)) await stream.WriteAsync("HTTP/1.1 200 OK\r\nApi-Version: 1.50\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            await stream.WriteAsync("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"u8.ToArray());
            await ReadPieceAsync(stream);
            if (lastStep == "") return;
            await WritePieceAsync(stream, """{"Word":"accepted"}"""u8.ToArray());
            if (lastStep == "accepted") return;
            for (var name = ""; name != """{"File":"state"}""";)
            {
                name = Encoding.UTF8.GetString(await ReadPieceAsync(stream));
                while ((await ReadPieceAsync(stream)).Length > 0) { }
            }
            if (lastStep == "everything") return;
            await WritePieceAsync(stream, """{"Word":"ready"}"""u8.ToArray());
            await ReadPieceAsync(stream);
        }
        catch (Exception gone) when (gone is IOException or SocketException or ObjectDisposedException) { }
    }
}
