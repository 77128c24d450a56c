using System.Text;
using Yun.Linux;
using Yun.Oci;

namespace Yun.Runtime.Commands;

/// <summary>What runc adds to a process or takes from it, and engines have come to rely on: its home folder, one value for each variable, no capability that is unknown here.</summary>
internal static class ProcessDefaults
{
    private const int PasswdBytesMax = 4 << 20;

    /// <summary>For a container's first process, whose root is not mounted yet.</summary>
    public static void Complete(RuntimeSpec spec, string bundle, ErrorLog log)
    {
        if (spec.Process is null) return;
        // What is mounted there is what the process will find.
        var mounted = spec.Mounts?.FindLast(m => m is { Destination: "/etc/passwd", Source: not null })?.Source;
        Complete(spec.Process, () => mounted is not null ? Read("/", Path.GetFullPath(mounted, bundle)) : Read(Path.GetFullPath(spec.Root?.Path ?? "", bundle), "etc/passwd"), log);
    }

    public static void Complete(SpecProcess process, string root, ErrorLog log) => Complete(process, () => Read(root, "etc/passwd"), log);

    private static void Complete(SpecProcess process, Func<string> passwd, ErrorLog log)
    {
        if (process.Capabilities is { } sets)
        {
            var unknown = new List<string>();
            sets.Bounding = Known(sets.Bounding, unknown);
            sets.Effective = Known(sets.Effective, unknown);
            sets.Permitted = Known(sets.Permitted, unknown);
            sets.Inheritable = Known(sets.Inheritable, unknown);
            sets.Ambient = Known(sets.Ambient, unknown);
            // config.md, "capabilities": what cannot be granted is warned of.
            if (unknown.Count > 0) log.Warn($"ignoring unknown or unavailable capabilities: {string.Join(", ", unknown)}");
        }
        var variables = new List<string>();
        foreach (var variable in process.Env ?? [])
        {
            var equals = variable.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) variables.RemoveAll(v => v.Length > equals && v.AsSpan(0, equals + 1).SequenceEqual(variable.AsSpan(0, equals + 1)));
            if (variable != "HOME=") variables.Add(variable);
        }
        if (!variables.Exists(v => v.StartsWith("HOME=", StringComparison.Ordinal))) variables.Add("HOME=" + Home(passwd(), process.User.Uid));
        process.Env = variables;
    }

    private static List<string>? Known(List<string>? names, List<string> unknown)
    {
        var known = names?.FindAll(n => Capabilities.NumberOf(n) >= 0);
        foreach (var name in names ?? []) if (!known!.Contains(name) && !unknown.Contains(name)) unknown.Add(name);
        return known;
    }

    // passwd(5): name, password, uid, gid, comment, home, shell.
    private static string Home(string passwd, uint uid)
    {
        foreach (var line in passwd.Split('\n'))
            if (line.Split(':') is { Length: >= 6 } fields && uint.TryParse(fields[2], out var number) && number == uid && fields[5].Length > 0) return fields[5];
        return "/";
    }

    // Whoever made the image, or runs in the container, has written it: no link leads out of the root, and nothing but a file is waited for.
    private static string Read(string root, string path)
    {
        if (PathDescriptor.TryOpen(null, root, OpenFlags.Path | OpenFlags.Directory, out var directory) != Errno.None) return "";
        using (directory)
        {
            if (PathDescriptor.TryOpen(directory, path.TrimStart('/'), OpenFlags.ReadOnly | OpenFlags.NonBlocking | OpenFlags.NoControllingTerminal, out var file, Resolve.InRoot | Resolve.NoMagicLinks) != Errno.None) return "";
            using (file)
            {
                if (FileAt.Status(file!).Kind != FileKind.Regular) return "";
                var text = new MemoryStream();
                var piece = new byte[16 << 10];
                while (text.Length < PasswdBytesMax && Pipe.ReadSome(file!, piece) is var count and > 0) text.Write(piece, 0, count);
                return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
            }
        }
    }
}
