using Yun.Oci;

namespace Yun.Tests.Runtime.Commands;

/// <summary>What config-linux.md of the runtime specification says must be an error: it names the field, and leaves nothing.</summary>
public sealed class SpecFaultTests : IDisposable
{
    private static readonly Dictionary<string, (Action<RuntimeSpec> Change, string Error)> s_faults = new()
    {
        ["a namespace twice"] = (spec => spec.Linux!.Namespaces!.Add(new SpecNamespace { Type = "pid" }), "linux.namespaces[6].type: 'pid' is listed twice"),
        ["a namespace of another kind"] = (spec => Network(spec, "/proc/self/ns/uts"), ".path: '/proc/self/ns/uts' is not a network namespace"),
        ["a file that is no namespace"] = (spec => Network(spec, "/etc/hostname"), ".path: '/etc/hostname' is no namespace"),
        ["a namespace by a relative path"] = (spec => Network(spec, "proc/1/ns/net"), ".path: 'proc/1/ns/net' is not an absolute path"),
        ["a namespace that is not there"] = (spec => Network(spec, "/proc/self/ns/none"), ".path: '/proc/self/ns/none': no such file or directory"),
        ["a device in another's place"] = (spec => spec.Linux!.Devices = [Device("/dev/null", 3), Device("/dev/null", 5)], "make /dev/null, which is there and is not linux.devices[1]: file exists"),
        ["a device in a file's place"] = (spec => spec.Linux!.Devices = [Device("/bin/busybox", 3)], "make /bin/busybox, which is there and is not linux.devices[0]: file exists"),
        ["a cgroup outside"] = (spec => spec.Linux!.CgroupsPath = "/../x", "linux.cgroupsPath: '/../x' has a part that is empty, . or .."),
        ["too much swappiness"] = (spec => Resources(spec).Memory = new SpecMemory { Swappiness = 101 }, "linux.resources.memory.swappiness: 101 is not between 0 and 100"),
        ["a disk without a weight"] = (spec => Resources(spec).BlockIO = new SpecBlockIo { WeightDevice = [new SpecWeightDevice { Major = 8 }] }, "linux.resources.blockIO.weightDevice[0]: has neither weight nor leafWeight"),
        ["an error number for a kill"] = (spec => Seccomp(spec, new SpecSyscall { Names = ["chmod"], Action = "SCMP_ACT_KILL", ErrnoRet = 5 }), "linux.seccomp.syscalls[0].errnoRet: is given with SCMP_ACT_KILL"),
        ["a rule for no call"] = (spec => Seccomp(spec, new SpecSyscall { Action = "SCMP_ACT_ERRNO" }), "linux.seccomp.syscalls[0].names: is empty"),
        ["words for no listener"] = (spec => Seccomp(spec).ListenerMetadata = "x", "linux.seccomp.listenerMetadata: has no listenerPath"),
    };

    private readonly CommandLineBundle _bundle = new();

    public static TheoryData<string> Faults() => [.. s_faults.Keys];

    public void Dispose() => _bundle.Dispose();

    [Theory, MemberData(nameof(Faults))]
    public async Task A_fault_in_the_linux_part_is_named_and_leaves_nothing(string fault)
    {
        var spec = _bundle.Script("true");
        spec.Linux!.CgroupsPath = null;
        s_faults[fault].Change(spec);
        _bundle.Write(spec);
        (await _bundle.RunAsync("run", _bundle.NewId())).FailedSaying(s_faults[fault].Error);
        Assert.False(Directory.Exists(_bundle.State) && Directory.EnumerateFileSystemEntries(_bundle.State).Any());
    }

    [Fact]
    public async Task A_device_that_is_there_already_is_taken()
    {
        var spec = _bundle.Script("stat -c '%F %t:%T' /dev/null");
        spec.Linux!.Devices = [Device("/dev/null", 3), Device("/dev/null", 3)];
        _bundle.Write(spec);
        Assert.Equal("character special file 1:3", (await _bundle.RunAsync("run", _bundle.NewId())).Succeeded().Text);
    }

    private static void Network(RuntimeSpec spec, string path) => spec.Linux!.Namespaces!.Find(n => n.Type == "network")!.Path = path;

    private static SpecDevice Device(string path, long minor) => new() { Path = path, Type = "c", Major = 1, Minor = minor };

    private static SpecResources Resources(RuntimeSpec spec) => spec.Linux!.Resources ??= new SpecResources();

    private static SpecSeccomp Seccomp(RuntimeSpec spec, params List<SpecSyscall> calls) => spec.Linux!.Seccomp = new SpecSeccomp { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = calls };
}
