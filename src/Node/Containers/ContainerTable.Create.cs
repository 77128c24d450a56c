using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Yun.Images;
using Yun.Linux;
using Yun.Node.Containers.UserIds;
using Yun.Node.Volumes;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Node.Containers;

/// <param name="Name">Null makes one up.</param>
/// <param name="Platform">What the image must be for; null takes it as it is.</param>
/// <param name="KeepsOwnersInside">In a user namespace, too, its changes are on disk as they are inside: for who takes its upper directory as it is.</param>
/// <param name="Temporary">It belongs to work of this daemon, such as a build's step: the next daemon removes it.</param>
public sealed record ContainerRequest(
    string? Name, ContainerConfig Config, HostConfig HostConfig, NetworkingConfig? Networking = null, Platform? Platform = null, bool Temporary = false, bool KeepsOwnersInside = true);

/// <param name="Warnings">What was asked and has no effect.</param>
public sealed record CreatedContainer(Container Container, IReadOnlyList<string> Warnings);

public sealed partial class ContainerTable
{
    private const int NamesTriedMax = 64;

    /// <summary>Makes a container that does not run. When it returns, the container is on disk.</summary>
    /// <exception cref="EngineException">400 for what cannot be, 404 for an image that is not here, 409 for a name that is taken.</exception>
    public async Task<CreatedContainer> CreateAsync(ContainerRequest request, CancellationToken cancel = default)
    {
        Validation.Check(request.Config, request.HostConfig);
        Validation.Check(request.Networking);
        var wantedName = request.Name is { Length: > 0 } asked ? Validation.Name(asked) : null;
        if (request.Config.Image is not { Length: > 0 } reference) throw new EngineException(ErrorKind.InvalidArgument, "no image specified");
        var image = engine.Images.Find(reference, request.Platform);
        RequirePlatform(image, reference, request.Platform);

        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var record = MakeRecord(id, request, image);
        record.UserNamespace = engine.UserNamespaces.Of(record.HostConfig, out var release);
        // Done when the record has them, or nobody.
        using var given = new Releasing(release);
        if (request.KeepsOwnersInside && record.UserNamespace is { } space) record.UserNamespace = space with { KeepsOwnersInside = true, ShiftsBinds = true };
        await using var undo = new Undo();
        record.Name = TakeName(wantedName, id);
        undo.Push(() => GiveBackName(record.Name, id));

        var container = new Container(engine, record);
        container.UseImage(image);
        undo.Push(container.ReleaseImage);
        undo.Push(() => engine.Trash.Throw(container.Directory));
        MakeDirectories(container, image);
        if (container.IsMachine) container.MakeMachineFiles();
        record.Mounts = await new MountResolution(engine, engine.Volumes, id).ResolveAsync(record.Config, record.HostConfig, () => MountImage(image), cancel);
        undo.Push(async () => await engine.Volumes.ReleaseAsync(id, record.Mounts, removeAnonymous: true));

        // What a user is told is there stands on nothing that a power cut takes away.
        if (!request.Temporary) await engine.Images.SettleAsync(cancel);
        await container.SaveAsync(record);
        Add(container);
        undo.Keep();
        container.Publish("create");
        return new CreatedContainer(container, Warnings(request, image));
    }

    private ContainerRecord MakeRecord(string id, ContainerRequest request, Image image)
    {
        var (config, host) = (ImageDefaults.Merge(request.Config, image.Config.Config), request.HostConfig);
        ContainerDefaults.Fill(host, engine.Options.Containers);
        List<string> command = [.. config.Entrypoint ?? [], .. config.Cmd ?? []];
        if (command.Count == 0) throw new EngineException(ErrorKind.InvalidArgument, "no command specified");
        host.NetworkMode = Resolve(host.NetworkMode);
        host.PidMode = Resolve(host.PidMode);
        host.IpcMode = Resolve(host.IpcMode);
        LegacyLink.Resolve(host, this);
        if (host.UtsMode == "host" && config.Hostname is { Length: > 0 }) throw new EngineException(ErrorKind.InvalidArgument, "conflicting options: hostname and the UTS mode");
        if (config.Hostname is null or "") config.Hostname = host.NetworkMode == "host" || host.UtsMode == "host" ? Environment.MachineName : id[..12];
        return new ContainerRecord
        {
            Id = id,
            Created = engine.Time.GetUtcNow(),
            Config = config,
            HostConfig = host,
            WantedEndpoints = request.Networking?.EndpointsConfig ?? [],
            Image = image.Id,
            Command = command,
            Temporary = request.Temporary,
        };
    }

    // A mode that names another container keeps meaning that one when names change.
    private string? Resolve(string? mode) => NamespaceMode.SharedContainer(mode) is { } other ? NamespaceMode.Share(Find(other).Id) : mode;

    private string TakeName(string? wanted, string id)
    {
        if (wanted is not null)
        {
            RequireName(wanted, id);
            return wanted;
        }
        for (var attempt = 0; attempt < NamesTriedMax; attempt++)
            if (ContainerNames.Propose(attempt) is var proposed && TryTakeName(proposed, id)) return proposed;
        TryTakeName(id[..12], id);
        return id[..12];
    }

    private void MakeDirectories(Container container, Image image)
    {
        const UnixFileMode passOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
        Directory.CreateDirectory(container.Directory, passOnly);
        Directory.CreateDirectory(container.WorkDirectory, passOnly);
        Directory.CreateDirectory(container.UpperDirectory);
        // The root directory that the container sees is the upper one, so it has to be as open as the image's own; mkdir's mode would be cut by the umask.
        File.SetUnixFileMode(container.UpperDirectory, File.GetUnixFileMode(engine.InitLayers.Below(image)[0]));
        if (container.Record.UserNamespace is not { KeepsOwnersInside: false, RootUser: { } user, RootGroup: { } group }) return;
        using var upper = PathDescriptor.Open(null, container.UpperDirectory, OpenFlags.ReadOnly | OpenFlags.Directory);
        OpenFile.ChangeOwner(upper, user, group);
    }

    private readonly struct Releasing(Action release) : IDisposable
    {
        public void Dispose() => release();
    }

    private SafeFileHandle MountImage(Image image) => Overlay.Mount(engine.Images.LayerDirectories(image), null, null);

    private static void RequirePlatform(Image image, string reference, Platform? wanted)
    {
        if (wanted is null || wanted.Suits(image.Platform) > 0) return;
        throw new EngineException(ErrorKind.NotFound, $"image with reference {reference} was found but does not provide the specified platform ({wanted})");
    }

    private static List<string> Warnings(ContainerRequest request, Image image)
    {
        var warnings = new List<string>();
        if (request.HostConfig is { NetworkMode: "host", PortBindings.Count: > 0 }) warnings.Add("Published ports are discarded when using host network mode");
        if (request.Platform is null && image.Platform.Architecture is { Length: > 0 } architecture && architecture != Platform.Host.Architecture)
            warnings.Add($"The requested image's platform ({image.Platform}) does not match the detected host platform (linux/{Platform.Host.Architecture}) and no specific platform was requested");
        return warnings;
    }
}
