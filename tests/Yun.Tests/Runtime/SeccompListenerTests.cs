using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Oci;
using Yun.Runtime.Compile;
using Yun.Tests.EndToEnd;
using Yun.Tests.Runtime.Commands;

namespace Yun.Tests.Runtime;

public sealed class SeccompListenerTests : IDisposable
{
    private readonly CommandLineBundle _bundle = new();
    private readonly UnixSocket _agent;

    public SeccompListenerTests() => _agent = UnixSocket.Listen(Path.Combine(_bundle.Folder, "agent"));

    public void Dispose()
    {
        _agent.Dispose();
        _bundle.Dispose();
    }

    private RuntimeSpec Spec(string script, params string[] asked)
    {
        var spec = _bundle.Script(script);
        spec.Linux!.Seccomp = new SpecSeccomp
        {
            DefaultAction = "SCMP_ACT_ALLOW",
            ListenerPath = Path.Combine(_bundle.Folder, "agent"),
            ListenerMetadata = "for the test",
            Syscalls = [new SpecSyscall { Names = [.. asked], Action = "SCMP_ACT_NOTIFY" }],
        };
        return spec;
    }

    private (JsonDocument State, SafeFileHandle Listener) Receive()
    {
        Span<PollEntry> waiting = [new((int)_agent.Handle.DangerousGetHandle(), PollEvents.Readable)];
        Assert.Equal(1, Poll.Wait(waiting, 60_000));
        using var connection = _agent.Accept()!;
        waiting[0] = new PollEntry((int)connection.Handle.DangerousGetHandle(), PollEvents.Readable);
        Assert.Equal(1, Poll.Wait(waiting, 60_000));
        var buffer = new byte[4096];
        var descriptors = new List<SafeFileHandle>();
        var count = connection.Receive(buffer, descriptors);
        return (JsonDocument.Parse(Encoding.UTF8.GetString(buffer, 0, count)), Assert.Single(descriptors));
    }

    [Fact]
    public async Task The_agent_gets_the_listener_and_the_state_before_start()
    {
        var spec = Spec("mkdir /tmp/x; echo $?", "mkdir", "mkdirat");
        _bundle.Write(spec);
        var id = _bundle.NewId();
        var created = _bundle.QuietAsync("create", id);
        var (state, listener) = await Task.Run(Receive);
        (await created).Succeeded();
        using (state)
        using (listener)
        {
            var root = state.RootElement;
            Assert.Equal("seccompFd", Assert.Single(root.GetProperty("fds").EnumerateArray()).GetString());
            Assert.Equal(("for the test", id, "creating"), (root.GetProperty("metadata").GetString(), root.GetProperty("state").GetProperty("id").GetString(), root.GetProperty("state").GetProperty("status").GetString()));
            (await _bundle.RunAsync("start", id)).Succeeded();
            Span<PollEntry> asked = [new((int)listener.DangerousGetHandle(), PollEvents.Readable)];
            Assert.Equal(1, Poll.Wait(asked, 60_000));
        }
        // With the last listener closed, whoever asks is told that there is no such call.
        await Eventually.HoldsAsync(async () => await _bundle.StatusAsync(id) == "stopped");
        Assert.EndsWith("1\n", File.ReadAllText(_bundle.Output));
    }

    [Fact]
    public async Task A_process_that_joins_has_a_listener_of_its_own()
    {
        _bundle.Write(Spec("sleep 1000", "mkdir"));
        var id = _bundle.NewId();
        var created = _bundle.QuietAsync("create", id);
        var first = await Task.Run(Receive);
        (await created).Succeeded();
        (await _bundle.RunAsync("start", id)).Succeeded();
        var joined = _bundle.RunAsync("exec", id, "sh", "-c", "echo inside");
        var second = await Task.Run(Receive);
        Assert.Equal("inside", (await joined).Succeeded().Text);
        Assert.Equal("running", second.State.RootElement.GetProperty("state").GetProperty("status").GetString());
        foreach (var (state, listener) in ((JsonDocument, SafeFileHandle)[])[first, second])
        {
            state.Dispose();
            listener.Dispose();
        }
    }

    [Theory]
    [InlineData("write"), InlineData("sendmsg")]
    public async Task What_the_start_itself_needs_cannot_be_asked_about(string name) =>
        (await _bundle.RunAsync(Spec("true", name))).FailedSaying($"linux.seccomp.syscalls[0].names: SCMP_ACT_NOTIFY cannot be used for the {name} syscall");

    [Fact]
    public async Task A_missing_agent_is_named_and_nothing_is_left()
    {
        var spec = Spec("true", "mkdir");
        spec.Linux!.Seccomp!.ListenerPath = "/no/such/agent";
        (await _bundle.RunAsync(spec)).FailedSaying("linux.seccomp.listenerPath: failed to connect with seccomp agent");
        spec.Linux.Seccomp.ListenerPath = null;
        (await _bundle.RunAsync(spec)).FailedSaying("linux.seccomp.listenerPath: is missing");
    }
}
