using System.Net.Sockets;
using Yun.Commands.Images;
using Yun.Tests.EndToEnd;

namespace Yun.Tests.Commands;

/// <summary>The agent that <c>yun build --ssh ID=KEY</c> is, asked by OpenSSH's own programs.</summary>
public sealed class KeyAgentTests
{
    public static TheoryData<string> Keys => ["-t ed25519", "-t rsa -b 2048", "-t rsa -b 2048 -m PEM", "-t rsa -b 2048 -m PKCS8", "-t ecdsa -b 256", "-t ecdsa -b 384", "-t ecdsa -b 521", "-t ecdsa -b 256 -m PEM"];

    [Theory, MemberData(nameof(Keys))]
    public async Task Signs_what_OpenSSH_verifies(string kind)
    {
        using var files = new ScratchFolder(("text", "what is signed"));
        var keygen = new Command("ssh-keygen", ["-q", .. kind.Split(' '), "-N", "", "-f", files["key"]]);
        (await keygen.RunAsync()).Succeeded();
        var agent = new KeyAgent([SshKey.Parse("the key", files.Read("key"))]);
        File.Delete(files["key"]);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(files["agent"]));
        listener.Listen();
        using var stop = new CancellationTokenSource();
        var serving = ServeAsync(listener, agent, stop.Token);

        var list = new Command("ssh-add", "-L") { Environment = { ["SSH_AUTH_SOCK"] = files["agent"] } };
        Assert.Equal(files.Read("key.pub").Split(' ')[..2], (await list.RunAsync()).Succeeded().Text.Split(' ')[..2]);
        var sign = new Command("ssh-keygen", "-Y", "sign", "-f", files["key.pub"], "-n", "test", files["text"]) { Environment = { ["SSH_AUTH_SOCK"] = files["agent"] } };
        (await sign.RunAsync()).Succeeded();
        files.Write("allowed", $"sailor {files.Read("key.pub")}");
        (await new Command("sh", "-c", $"ssh-keygen -Y verify -f {files["allowed"]} -I sailor -n test -s {files["text.sig"]} < {files["text"]}").RunAsync()).Succeeded();
        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public void Says_what_is_wrong_with_a_key()
    {
        Assert.Equal("it is not PEM", Assert.Throws<FormatException>(() => SshKey.Parse("x", "hello")).Message);
        Assert.Equal("it holds a certificate", Assert.Throws<FormatException>(() => SshKey.Parse("x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).Message);
        Assert.Equal("it is not of OpenSSH's form", Assert.Throws<FormatException>(() => SshKey.Parse("x", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")).Message);
        Assert.Throws<FormatException>(() => new KeyAgent([]).Answer([0xFF, 0xFF, 0xFF, 0xFF]));
        Assert.Equal(new byte[] { 0, 0, 0, 1, 5 }, new KeyAgent([]).Answer([0, 0, 0, 1, 99]));
        Assert.Throws<FormatException>(() => new KeyAgent([]).Answer([0, 0, 0, 2, 13, 0]));
    }

    private static async Task ServeAsync(Socket listener, KeyAgent agent, CancellationToken stop)
    {
        var buffer = new byte[5]; // Requests come in pieces.
        try
        {
            while (true)
            {
                using var asker = await listener.AcceptAsync(stop);
                for (int read; (read = await asker.ReceiveAsync(buffer, stop)) > 0;) await asker.SendAsync(agent.Answer(buffer.AsSpan(0, read)), stop);
            }
        }
        catch (OperationCanceledException) { }
    }
}
