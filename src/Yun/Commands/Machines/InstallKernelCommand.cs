using System.Formats.Tar;
using Yun.Commands.CommandLine;
using Yun.DockerApi.Model;

namespace Yun.Commands.Machines;

/// <summary><c>yun machine kernel install</c>.</summary>
public sealed class InstallKernelCommand : Command
{
    private readonly Setting<string?> _digest;

    public InstallKernelCommand() : base("[OPTIONS] [FILE|DIRECTORY]")
    {
        ArgumentsMax = 1;
        Examples =
        [
            ("machine kernel install", "The kernel of the distribution's package, which is downloaded"),
            ("machine kernel install --digest sha256:HEX linux-image.deb", "That of a package one has"),
        ];
        _digest = AddText("digest", null, "What the file must be: sha256:HEX");
    }

    public override int Run(Session session, IReadOnlyList<string> arguments)
    {
        var given = arguments is [var path] ? path : null;
        if (given is not null && Directory.Exists(given)) return Send(session, body => TarFile.CreateFromDirectory(given, body, includeBaseDirectory: false));
        if (given is not null)
        {
            if (!File.Exists(given)) throw new FailureException($"open {given}: no such file or directory");
            if (_digest.Value is { } wanted) KernelPackage.Check(given, wanted);
            return Send(session, body => KernelPackage.Copy(given, body));
        }
        var folder = Directory.CreateTempSubdirectory("yun-kernel-");
        try
        {
            var package = KernelPackage.Download(folder.FullName, session.Error);
            return Send(session, body => KernelPackage.Copy(package, body));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Send(Session session, Action<Stream> upload)
    {
        using var response = session.Api.Send("PUT", "/yun/v1/machines/kernel", upload: upload, contentType: "application/x-tar");
        session.Out.WriteLine(response.Read(DockerApiJson.Default.MachineKernelInfo).Release);
        return 0;
    }
}
