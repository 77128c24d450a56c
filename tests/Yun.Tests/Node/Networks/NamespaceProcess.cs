using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Yun.Tests.Node.Networks;

/// <summary>A process that lives in a network namespace, as a container's would.</summary>
internal sealed class NamespaceProcess : IDisposable
{
    private readonly Process _process;

    internal NamespaceProcess(SafeFileHandle space)
    {
        // nsenter opens the namespace by our own descriptor, before this process can close it.
        _process = Process.Start(new ProcessStartInfo("nsenter", [$"--net=/proc/{Environment.ProcessId}/fd/{space.DangerousGetHandle()}", "sh", "-c", "echo ready; exec sleep 600"]) { RedirectStandardOutput = true })!;
        Assert.Equal("ready", _process.StandardOutput.ReadLine());
    }

    internal int Pid => _process.Id;

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
