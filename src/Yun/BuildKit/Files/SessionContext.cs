using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Yun.Node.Builds;
using Yun.Node.Builds.Patterns;

namespace Yun.BuildKit;

/// <summary>A build's context in a folder of the client's.</summary>
/// <param name="ignored">What of it is left out.</param>
/// <param name="contextName">The named context that it is; null for the build's own.</param>
internal sealed class SessionContext(BuildSession session, string folderName, IgnoreList ignored, string? contextName = null) : IContextFiles
{
    public Task FillAsync(SafeFileHandle folder, long bytesMax, BuildOutput output, CancellationToken cancel)
    {
        var step = new BuildStep(contextName is null ? "[internal] load build context" : $"[context {contextName}] load from client");
        return output.StepAsync(step, async () =>
        {
            using var files = new ReceivedFolder(folder, ignored, bytesMax);
            await FolderReceiver.ReceiveAsync(session, folderName, null, files, cancel);
            await output.WrittenAsync(step, string.Create(CultureInfo.InvariantCulture, $"transferring context: {files.Bytes} bytes\n"), isError: false, cancel);
            return null;
        }, cancel);
    }
}
