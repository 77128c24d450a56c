namespace Yun.Tests.EndToEnd;

/// <summary>Devices of the Container Device Interface.</summary>
public sealed class DeviceTests
{
    private const string File = """
        {
          "cdiVersion": "0.6.0", "kind": "vendor.com/device",
          "devices": [
            { "name": "foo", "containerEdits": {
              "env": ["FOO=injected"],
              "deviceNodes": [{ "path": "/dev/foo", "hostPath": "/dev/null", "permissions": "rw" }],
              "mounts": [{ "hostPath": "FOLDER", "containerPath": "/vendor", "options": ["ro", "bind"] }],
              "additionalGids": [4321],
              "hooks": [{ "hookName": "createRuntime", "path": "/bin/sh", "args": ["sh", "-c", "echo ran > FOLDER/hook"] }]
            } },
            { "name": "bad", "containerEdits": { "deviceNodes": [{ "path": "/dev/nosuchdevice" }] } }
          ],
          "containerEdits": { "env": ["VENDOR=1"] }
        }
        """;

    [Fact]
    public async Task A_device_by_its_CDI_name_brings_what_its_vendor_s_file_says()
    {
        using var folder = new ScratchFolder(("vendor/library", "code"));
        folder.Write("cdi/vendor.json", File.Replace("FOLDER", folder["vendor"], StringComparison.Ordinal));
        folder.Write("cdi/other.yaml", """
            ---
            # As nvidia-ctk writes it.
            cdiVersion: 0.5.0
            kind: other.com/device
            devices:
            - name: "0"
              containerEdits:
                env:
                - "OTHER=yes: indeed"
                deviceNodes:
                - path: /dev/other
                  hostPath: /dev/null
                  fileMode: 438
            containerEdits:
              env: [EMPTY=, "NUMBER=7"]
            """);
        folder.Write("cdi/third.yaml", "kind: third.com/device\ndevices: *nowhere\n");
        await using var daemon = await Daemon.StartWithBusyboxAsync("--cdi-spec-dir", folder["cdi"]);
        var said = await daemon.Docker.TextAsync("run", "--rm", "--device", "vendor.com/device=foo", "busybox", "sh", "-c", "env | grep -E 'FOO|VENDOR' | sort; cat /vendor/library; echo; echo x > /dev/foo && id -G; touch /vendor/x 2>&1; true");
        Assert.Contains("FOO=injected\nVENDOR=1\ncode", said);
        Assert.Contains("4321", said);
        Assert.Contains("Read-only file system", said);
        Assert.Equal("ran", folder.Read("vendor/hook").Trim());
        Assert.Contains(folder["cdi"], await daemon.Docker.TextAsync("info", "-f", "{{.CDISpecDirs}}"));
        (await daemon.Docker.RunAsync("run", "--rm", "--device", "vendor.com/device=nosuch", "busybox")).FailedSaying("CDI device injection failed: unresolvable CDI devices vendor.com/device=nosuch");
        Assert.Equal("EMPTY=\nNUMBER=7\nOTHER=yes: indeed\n666", await daemon.Docker.TextAsync("run", "--rm", "--device", "other.com/device=0", "busybox", "sh", "-c", "env | grep -E 'EMPTY|NUMBER|OTHER' | sort; stat -c %a /dev/other"));
        (await daemon.Docker.RunAsync("run", "--rm", "--device", "third.com/device=x", "busybox")).FailedSaying("third.yaml cannot be read: line 2: references to other places are not read");
        (await daemon.Docker.RunAsync("run", "--rm", "--device", "vendor.com/device=bad", "busybox")).FailedSaying("/dev/nosuchdevice is no device of this machine");
        (await daemon.Docker.RunAsync("run", "--rm", "--gpus", "all", "busybox")).FailedSaying("could not select device driver \"\" with capabilities: [[gpu]]");
    }
}
