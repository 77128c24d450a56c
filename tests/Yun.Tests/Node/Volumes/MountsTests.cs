using Yun.Node.Containers;
using Yun.Node.Volumes;
using Yun.Protocol;

namespace Yun.Tests.Node.Volumes;

public sealed class MountsTests
{
    [Fact]
    public void A_source_with_a_slash_is_a_path_of_the_host_and_another_is_a_volume()
    {
        var bind = BindText.Parse("/src/../data:/in/:ro,rslave");
        Assert.Equal((MountKind.Bind, "/data", "/in", true, "rslave", true), (bind.Kind, bind.Source, bind.Destination, bind.ReadOnly, bind.Propagation, bind.CreateSource));
        var volume = BindText.Parse("data:/in:nocopy");
        Assert.Equal((MountKind.Volume, "data", "/in", false, true), (volume.Kind, volume.Name, volume.Destination, volume.ReadOnly, volume.NoCopy));
        Assert.True(BindText.Parse("/only").Anonymous);
    }

    [Theory]
    [InlineData("", "invalid volume specification: ''")]
    [InlineData("a:b:c:d", "invalid volume specification: 'a:b:c:d'")]
    [InlineData("/a:", "invalid volume specification: '/a:'")]
    [InlineData("/a:/", "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'")]
    [InlineData("/a:/b/..", "invalid volume specification: '/a:/b/..': invalid mount config for type \"bind\": invalid specification: destination can't be '/'")]
    [InlineData("vol:b", "invalid volume specification: 'vol:b': invalid mount config for type \"volume\": invalid mount path: 'b' mount path must be absolute")]
    [InlineData("/a:/b:what", "invalid volume specification: '/a:/b:what': invalid mode: what")]
    [InlineData("vol:/b:rshared", "invalid volume specification: 'vol:/b:rshared': invalid mode: rshared")]
    [InlineData("../x:/b", "create ../x: \"../x\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path")]
    public void A_bad_bind_is_refused_in_Dockers_words(string text, string message) => Assert.Equal(message, Refused(() => BindText.Parse(text)));

    [Fact]
    public void A_missing_source_of_a_mount_is_refused_in_Dockers_words() =>
        Assert.Equal("invalid mount config for type \"bind\": bind source path does not exist: /no/such", Refused(() => MountRequest.Parse(new() { Type = "bind", Source = "/no/such", Target = "/x" })));

    [Theory]
    [InlineData("../up")]
    [InlineData("a/../../up")]
    [InlineData("/abs")]
    public void A_subpath_stays_in_its_volume(string subpath) =>
        Refused(() => MountRequest.Parse(new() { Type = "volume", Source = "vol", Target = "/x", VolumeOptions = new() { Subpath = subpath } }));

    [Fact]
    public void A_tmpfs_word_replaces_its_opposite()
    {
        Assert.Equal(["noexec", "nosuid", "nodev"], TmpfsWords.Merge(""));
        Assert.Equal(["nosuid", "nodev", "exec", "size=64m"], TmpfsWords.Merge("exec,size=1m,size=64m"));
        Assert.Equal(["noexec", "nosuid", "nodev", "size=5", "mode=01770", "ro"], TmpfsWords.Merge(new TmpfsOptions { SizeBytes = 5, Mode = 0x3f8 }, readOnly: true));
        Assert.Equal("Invalid tmpfs option \"lowerdir=/etc\"", Refused(() => TmpfsWords.Merge("lowerdir=/etc")));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("-a")]
    [InlineData("a b")]
    public void What_is_no_directory_name_is_no_volume_name(string name) => Refused(() => VolumeName.Checked(name));

    private static string Refused(Action action)
    {
        var error = Assert.Throws<EngineException>(action);
        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        return error.Message;
    }
}
