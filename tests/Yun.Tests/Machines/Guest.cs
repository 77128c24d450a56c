using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Xunit.Sdk;
using Yun.Oci;
using Yun.Runtime.Commands;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Machines;

/// <summary>A virtual machine with the distribution's kernel, cgroups v2 alone and our native programs. Made by <c>scripts/guest</c>, which also says how it is spoken to.</summary>
public sealed class Guest : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ScratchFolder _folder;
    private readonly Process _emulator;
    private readonly Task<string> _said;
    private readonly Socket _port = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private StreamReader? _answers;

    private Guest(string emulator, ScratchFolder folder)
    {
        _folder = folder;
        string[] arguments =
        [
            "-M", "pc", "-cpu", "max", "-smp", "2", "-m", "1G", "-display", "none", "-nodefaults", "-no-user-config", "-no-reboot", "-serial", $"file:{folder["console"]}",
            "-kernel", folder["vmlinuz"], "-initrd", folder["initrd"], "-append", "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on",
            "-drive", $"file={folder["disk"]},format=raw,if=virtio,cache=unsafe", "-device", "virtio-serial-pci",
            "-chardev", $"socket,id=commands,path={folder["port"]},server=on,wait=off", "-device", "virtserialport,chardev=commands,name=commands",
        ];
        _emulator = new Command(emulator, arguments).Start();
        _emulator.StandardInput.Close();
        _said = Task.WhenAll(_emulator.StandardOutput.ReadToEndAsync(), _emulator.StandardError.ReadToEndAsync()).ContinueWith(both => string.Concat(both.Result), TaskScheduler.Default);
    }

    /// <summary>Boots one. A start that hangs, as emulated machines rarely do, is tried once more.</summary>
    public static async Task<Guest> StartAsync()
    {
        Assert.SkipWhen(Environment.UserName != "root", "the virtual machine's disk is made by root");
        Assert.SkipUnless(File.Exists(TestTools.Yun) && File.Exists(TestTools.Runtime), "the native programs are not built; run make");
        var emulator = await Made("qemu").RunAsync();
        Assert.SkipWhen(emulator.ExitCode != 0, $"there is no QEMU here: {emulator.Error.Trim()}");
        var kernel = await Made("kernel").RunAsync();
        Assert.SkipWhen(kernel.ExitCode != 0, $"there is no kernel for a virtual machine here: {kernel.Error.Trim()}");
        for (var last = false; ; last = true)
        {
            var folder = new ScratchFolder();
            Guest? guest = null;
            try
            {
                (await Made("guest", folder.Path, TestTools.Yun, TestTools.Runtime).RunAsync()).Succeeded();
                guest = new Guest(emulator.Text, folder);
                await guest.ConnectAsync();
                return guest;
            }
            catch (Exception error)
            {
                var said = File.Exists(folder["console"]) ? folder.Read("console") : "";
                if (guest is null) folder.Dispose();
                else await guest.DisposeAsync();
                if (last || guest is null) throw new XunitException($"The virtual machine did not start: {error.Message}\n{said}", error);
            }
        }
    }

    private static Command Made(string name, params string[] arguments) => new(Path.Combine(Repository.Root, "scripts", name), arguments) { Deadline = TimeSpan.FromMinutes(5) };

    private async Task ConnectAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!File.Exists(_folder["port"]))
        {
            if (_emulator.HasExited) throw new XunitException($"QEMU ended: {await _said}");
            await Task.Delay(50, deadline.Token);
        }
        await _port.ConnectAsync(new UnixDomainSocketEndPoint(_folder["port"]), deadline.Token);
        _answers = new StreamReader(new NetworkStream(_port));
        if (await _answers.ReadLineAsync(deadline.Token) != "ready") throw new XunitException("it did not say that it is ready");
    }

    /// <summary>Runs a shell script in it, one at a time.</summary>
    public async Task<CommandResult> RunAsync(string script)
    {
        await _turn.WaitAsync();
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            var line = Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(script)) + "\n");
            for (var sent = 0; sent < line.Length;) sent += await _port.SendAsync(line.AsMemory(sent), deadline.Token);
            var answer = (await _answers!.ReadLineAsync(deadline.Token))?.Split(' ');
            if (answer is not [var code, var output, var errors]) throw new XunitException($"The virtual machine is gone.\n{script}\n{_folder.Read("console")}");
            return new CommandResult(script, int.Parse(code), Decoded(output), Decoded(errors));
        }
        catch (OperationCanceledException)
        {
            // Its answer would be taken for the next one's.
            _emulator.Kill();
            throw new XunitException($"The virtual machine did not answer.\n{script}\n{_folder.Read("console")}");
        }
        finally
        {
            _turn.Release();
        }
    }

    private static string Decoded(string word) => Encoding.UTF8.GetString(Convert.FromBase64String(word.TrimEnd('.')));

    /// <summary>The default spec with this script as its program, on the guest's busybox.</summary>
    internal static RuntimeSpec Script(string script)
    {
        var spec = DefaultSpec.Make();
        (spec.Process!.Terminal, spec.Process.Args) = (false, ["sh", "-c", script]);
        spec.Root!.Path = "/srv/busybox";
        return spec;
    }

    /// <summary>
    /// Runs a shell script in it with a container's bundle as working directory; <c>$id</c> is the container's name, <c>$cgroup</c> its cgroup's folder, and
    /// <c>create</c> and <c>begin</c> make it, waiting or running. It's deleted at the end.
    /// </summary>
    internal Task<CommandResult> RunAsync(RuntimeSpec spec, string script)
    {
        var id = "c" + Guid.NewGuid().ToString("N")[..8];
        var json = System.Text.Json.JsonSerializer.Serialize(spec, RuntimeSpecJson.Default.RuntimeSpec);
        return RunAsync($$"""
            id={{id}} cgroup=/sys/fs/cgroup/{{id}}
            mkdir -p /run/{{id}} && cd /run/{{id}} && echo {{Convert.ToBase64String(Encoding.UTF8.GetBytes(json))}} | base64 -d > config.json
            create() { yun-runtime create $id </dev/null >output 2>errors || { cat errors >&2; return 1; }; }
            begin() { create && yun-runtime start $id; }
            # Waits until a condition holds.
            until_() { n=0; until eval "$1"; do n=$((n + 1)); [ $n -lt 300 ] || { echo "never: $1" >&2; return 1; }; sleep 0.1; done; }
            (
            {{script}}
            )
            code=$?
            yun-runtime delete --force $id; rm -rf /run/{{id}}
            exit $code
            """);
    }

    public async ValueTask DisposeAsync()
    {
        _answers?.Dispose();
        if (!_emulator.HasExited) _emulator.Kill();
        await _emulator.WaitForExitAsync();
        _emulator.Dispose();
        _port.Dispose();
        _turn.Dispose();
        _folder.Dispose();
    }
}
