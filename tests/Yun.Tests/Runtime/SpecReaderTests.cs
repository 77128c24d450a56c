using System.Text;
using System.Text.Json;
using Yun.Oci;
using Yun.Runtime.Commands;
using Yun.Runtime.Compile;
using Yun.Runtime.Spec;

namespace Yun.Tests.Runtime;

public sealed class SpecReaderTests
{
    [Fact]
    public void What_is_written_is_read_back_whole()
    {
        var json = JsonSerializer.Serialize(DefaultSpec.Make(), RuntimeSpecJson.Default.RuntimeSpec);
        Assert.Equal(json, JsonSerializer.Serialize(SpecReader.Read(Encoding.UTF8.GetBytes(json)), RuntimeSpecJson.Default.RuntimeSpec));
    }

    [Theory]
    [InlineData("""{"process":{"args":"sh"}}""", "process.args: must be a list, not 'sh'")]
    [InlineData("""{"linux":{"namespaces":[{"type":"pid"},{"type":5}]}}""", "linux.namespaces[1].type: must be a text, not 5")]
    [InlineData("""{"linux":{"resources":{"memory":{"limit":1.5}}}}""", "linux.resources.memory.limit: must be a whole number, not 1.5")]
    [InlineData("""{"process":{"user":{"uid":4294967296}}}""", "process.user.uid: must be at most 4294967295, not 4294967296")]
    [InlineData("""{"process":{"user":{"uid":-1}}}""", "process.user.uid: must be a whole number of 0 or more, not -1")]
    [InlineData("""{"mounts":[null]}""", "mounts[0]: is null")]
    [InlineData("""{"linux":{"intelRdt":{"x":{}}}}""", "linux.intelRdt: is not supported")]
    [InlineData("""{"linux":{"netDevices":{"x":{"name":5}}}}""", "linux.netDevices.x.name: must be a text, not 5")]
    [InlineData("""{"linux":{"resources":{"rdma":{"mlx":{"hcaHandles":-1}}}}}""", "linux.resources.rdma.mlx.hcaHandles: must be a whole number of 0 or more, not -1")]
    public void A_value_of_the_wrong_kind_is_reported_by_its_field(string json, string message) =>
        Assert.Equal(message, Assert.Throws<SpecException>(() => SpecReader.Read(Encoding.UTF8.GetBytes(json))).Message);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"process\":{\"args\":[")]
    [InlineData("null")]
    public void Broken_json_is_a_clear_error(string json) => Assert.Throws<SpecException>(() => SpecReader.Read(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Unknown_fields_are_passed_over() =>
        Assert.Equal("h", SpecReader.Read("""{"vm":{"kernel":{"path":"/x"}},"hostname":"h","linux":{"new":[1,{"a":[]}]}}"""u8).Hostname);

    [Fact]
    public void Endless_nesting_is_refused() => Assert.Throws<SpecException>(() => SpecReader.Read(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000))));
}
