using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Yun.Linux;
using Yun.Node.Machines.Agents;
using Yun.Protocol;

namespace Yun.Tests.Node.Machines;

/// <summary>What a guest may say in place of an agent's answer.</summary>
public sealed class GuestAgentTests : IDisposable
{
    private readonly NetworkStream _guest;
    private readonly GuestAgent _agent;

    public GuestAgentTests()
    {
        var (ours, theirs) = UnixSocket.Pair();
        (_agent, _guest) = (new GuestAgent(Stream(ours), "m"), Stream(theirs));
        ours.SetHandleAsInvalid();
        theirs.SetHandleAsInvalid();
    }

    public void Dispose()
    {
        _guest.Dispose();
        _agent.Dispose();
    }

    [Fact]
    public async Task What_was_left_over_from_earlier_commands_is_not_taken_for_an_answer()
    {
        await _guest.WriteAsync("{\"return\":{\"version\":\"stale\"}}\nhalf a li"u8.ToArray(), TestContext.Current.CancellationToken);
        var asked = AskAsync();
        var mark = await MarkAsync();
        await SayAsync($"\n{{\"return\":{mark}}}\n", "{\"return\":{\"version\":\"unmarked\"}}\n", $"{{\"error\":{{\"desc\":\"x\"}}}}\n~{{\"return\":{mark + 1}}}\n", $"~{{\"return\":{mark}}}\n{{\"return\":{{\"version\":\"7.2\"}}}}\n");
        Assert.Equal("7.2", (await asked).Version);
    }

    [Theory]
    [InlineData("{\"error\":{\"class\":\"GenericError\",\"desc\":\"no\\u001b[31m such\"}}", ErrorKind.InvalidArgument, "The guest agent of machine m refused 'guest-info': no[31m such")]
    [InlineData("{\"return\":7}", ErrorKind.Unavailable, "The guest agent of machine m said something else than 'guest-info' asks for.")]
    [InlineData("[]", ErrorKind.Unavailable, "said something else")]
    [InlineData("{\"return\"", ErrorKind.Unavailable, "said something else")]
    public async Task What_is_no_answer_is_an_error_of_the_guest(string answer, ErrorKind kind, string words)
    {
        var asked = AskAsync();
        await SayAsync($"~{{\"return\":{await MarkAsync()}}}\n{answer}\n");
        var refused = await Assert.ThrowsAsync<EngineException>(() => asked);
        Assert.Equal(kind, refused.Kind);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_that_ends_meanwhile_is_told()
    {
        var asked = AskAsync();
        await MarkAsync();
        _guest.Dispose();
        Assert.Contains("Machine m has ended", (await Assert.ThrowsAsync<EngineException>(() => asked)).Message, StringComparison.Ordinal);
    }

    private Task<AgentAbout> AskAsync() => _agent.AskAsync("guest-info", AgentJson.Default.AgentAbout, TestContext.Current.CancellationToken);

    /// <summary>The number that the request begins with.</summary>
    private async Task<long> MarkAsync()
    {
        var lines = "";
        var buffer = new byte[4096];
        while (lines.Count(sign => sign == '\n') < 2) lines += Encoding.Latin1.GetString(buffer, 0, await _guest.ReadAsync(buffer, TestContext.Current.CancellationToken));
        Assert.Equal('\xFF', lines[0]);
        using var sync = JsonDocument.Parse(lines[1..lines.IndexOf('\n')]);
        return sync.RootElement.GetProperty("arguments").GetProperty("id").GetInt64();
    }

    /// <summary>~ stands for the byte that an agent begins a mark with.</summary>
    private async Task SayAsync(params string[] words)
    {
        foreach (var word in words) await _guest.WriteAsync(Encoding.Latin1.GetBytes(word.Replace('~', '\xFF')), TestContext.Current.CancellationToken);
    }

    private static NetworkStream Stream(Microsoft.Win32.SafeHandles.SafeFileHandle handle) => new(new Socket(new SafeSocketHandle(handle.DangerousGetHandle(), ownsHandle: true)), ownsSocket: true);
}
