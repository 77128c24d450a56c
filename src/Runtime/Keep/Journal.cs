using System.Text;
using Microsoft.Win32.SafeHandles;
using Yun.Linux;

namespace Yun.Runtime.Keep;

/// <summary>What the keeper says about itself: lines in its own log, which is its standard error. There are few.</summary>
internal static class Journal
{
    // Not the console, which would come with a thread and a handler of signals.
    private static readonly SafeFileHandle s_standardError = new(2, ownsHandle: false);

    public static void Write(string text)
    {
        var line = Encoding.UTF8.GetBytes($"{Timestamp.Of(Clock.NanosecondsNow / 1_000_000 * 1_000_000)} {text}\n");
        // With a full disk there is nowhere else to say it.
        Descriptors.Write(s_standardError, line, out _);
    }
}
