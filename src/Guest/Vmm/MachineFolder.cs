using System.Text;
using Yun.Guest.Wire;
using Yun.Linux;

namespace Yun.Guest.Vmm;

/// <summary>
/// What the engine has laid into the sandbox: files whose names are those of <see cref="FrameKind.File"/> frames, and beside them <c>qemu</c>, the command line, an
/// argument a line, <c>deadline</c> and <c>watchdog</c>, seconds.
/// </summary>
internal static class MachineFolder
{
    /// <summary>The memory of a template: read by machines that go on from it, written where one is made.</summary>
    public const string State = "/vm/state";

    private const string Folder = "/vm/machine";
    private const int SecretBytes = 64;

    private static readonly string[] s_told = ["hostname", "hosts", "resolv.conf", "parameters", "interfaces", "shares", "spec"];

    public static string[] Arguments => Text("qemu").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>How long a guest may take to its first word.</summary>
    public static TimeSpan Deadline => TimeSpan.FromSeconds(int.Parse(Text("deadline")));

    public static string Text(string name) => KernelFile.Read($"{Folder}/{name}");

    /// <summary>Tells the guest how it is to be, and to begin.</summary>
    public static void Tell(FrameStream wire)
    {
        Send("entropy", Secret());
        foreach (var name in s_told) Send(name, Encoding.UTF8.GetBytes(Text(name)));
        Send("clock", Encoding.UTF8.GetBytes($"{Clock.NanosecondsNow}"));
        wire.Send(FrameKind.Boot, 0);

        // .NET's own generator is OpenSSL's, which this program does not have.
        static byte[] Secret()
        {
            using var random = PathDescriptor.Open(null, "/dev/urandom", OpenFlags.ReadOnly);
            var secret = new byte[SecretBytes];
            if (Descriptors.Read(random, secret, out _) != SecretBytes) throw new IOException("the machine has no randomness to give");
            return secret;
        }

        void Send(string name, byte[] content) => wire.Send(FrameKind.File, 0, [.. Encoding.UTF8.GetBytes(name), 0, .. content]);
    }
}
