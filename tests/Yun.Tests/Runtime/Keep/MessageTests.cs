using System.Text;
using System.Text.Json;
using Yun.Protocol;
using Yun.Runtime.Keep;

namespace Yun.Tests.Runtime.Keep;

public sealed class MessageTests
{
    public static TheoryData<string> Requests() =>
    [
        """{"Id":1,"Hello":{"Version":1,"Pid":2,"Program":"0.1.0"}}""",
        """{"Id":2,"Start":{"ProcessId":"p","ContainerId":"c","Exec":true,"Log":{"Path":"/l","FileBytesMax":5000000000,"FilesMax":3,"NonBlocking":true,"BufferBytesMax":7,"Attributes":{"a":"b"}},"ExitPath":"/e","OpenStdin":true,"StdinOnce":true,"MountDestinations":["/","/data"],"NetworkNamespace":true,"UserNamespace":true}}""",
        """{"Id":3,"Attach":{"ProcessId":"p","Stdin":true,"Stdout":true,"Stderr":true}}""",
        """{"Id":4,"Resize":{"ProcessId":"p","Rows":40,"Columns":100}}""",
        """{"Id":5,"Signal":{"ProcessId":"p","Signal":9}}""",
        """{"Id":6,"ClearLog":{"ProcessId":"p"}}""",
        """{"Id":7,"Forget":{"ProcessId":"p"}}""",
        """{"Id":8,"List":{}}""",
        """{"Id":9,"Hold":{"Name":"n","Count":2}}""",
        """{"Id":10,"Held":{"Name":"n"}}""",
        """{"Id":11,"Release":{"Name":"n"}}""",
        """{"Id":12,"Stop":{}}""",
        """{"Id":13,"Namespaces":{"Users":[{"Inside":0,"Outside":100000,"Count":65536}],"Groups":[{"Inside":1,"Outside":200000,"Count":5}],"Network":true,"Inside":true}}""",
        """{"Id":14,"Upgrade":{"StateVersion":1}}""",
    ];

    [Theory, MemberData(nameof(Requests))]
    public void The_keeper_reads_what_the_daemon_writes(string json)
    {
        Assert.Equal(json, JsonSerializer.Serialize(RequestReader.Read(Encoding.UTF8.GetBytes(json)), KeeperJson.Default.KeeperRequest));
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, KeeperJson.Default.KeeperRequest), KeeperJson.Default.KeeperRequest));
    }

    [Fact]
    public void No_request_is_forgotten_here() =>
        Assert.Equal(typeof(KeeperRequest).GetProperties().Select(property => property.Name).Where(name => name != "Id").Order(),
            Requests().Select(row => JsonDocument.Parse(row.Data).RootElement.EnumerateObject().Last().Name).Order());

    [Fact]
    public void A_newer_daemons_properties_are_passed_over() =>
        Assert.Equal(9, RequestReader.Read("""{"New":{"a":[1,{}]},"Id":1,"Signal":{"ProcessId":"p","More":null,"Signal":9}}"""u8).Signal!.Signal);

    [Fact]
    public void The_daemon_reads_what_the_keeper_writes()
    {
        var exit = new KeeperExit { ProcessId = "p", ContainerId = "c", Pid = 3, ExitCode = 137, OomKilled = true, At = DateTime.UtcNow };
        var reply = new KeeperReply
        {
            Id = 5,
            Error = new KeeperError { Kind = ErrorKind.Conflict, Message = "\"no\"", Step = "mount", Errno = 2 },
            Hello = new KeeperHello { Version = 1, Pid = 2, Program = "0" },
            Processes = [new KeeperProcess { ProcessId = "p", ContainerId = "c", Exec = true, Pid = 3, StartedAt = DateTime.UtcNow, Terminal = true, Descriptors = 2, Exit = exit }, new KeeperProcess { StartedAt = DateTime.UnixEpoch }],
            More = true,
            HeldCount = 4,
            Exited = exit,
        };
        var read = JsonSerializer.Deserialize(ReplyWriter.Write(reply), KeeperJson.Default.KeeperReply);
        Assert.Equal(JsonSerializer.Serialize(reply, KeeperJson.Default.KeeperReply), JsonSerializer.Serialize(read, KeeperJson.Default.KeeperReply));
        Assert.Equal(JsonSerializer.Serialize(exit, KeeperJson.Default.KeeperExit), JsonSerializer.Serialize(JsonSerializer.Deserialize(ReplyWriter.Write(exit), KeeperJson.Default.KeeperExit), KeeperJson.Default.KeeperExit));
    }
}
