using Grpc.Core;
using Microsoft.Win32.SafeHandles;
using Yun.BuildKit.Protos;
using Yun.Images;
using Yun.Linux;
using Yun.Node.Builds;

namespace Yun.BuildKit;

/// <summary>Sends what was built to the client's side, where its <c>--output</c> says.</summary>
internal static class ResultFiles
{
    private const string Service = "moby.filesync.v1.FileSend", Method = "DiffCopy";

    /// <param name="index">Which of the client's outputs it is.</param>
    public static async Task SendFileAsync(BuildSession session, Stream content, int index, CancellationToken cancel)
    {
        var call = new FileSend.FileSendClient(session.InvokerOf(Service, Method)).DiffCopy(Headers(index), cancellationToken: cancel);
        await using var file = new CallStream(call);
        await content.CopyToAsync(file, cancel);
        await file.CompleteAsync(cancel);
    }

    /// <summary>The files as a tar; of several platforms, each in a folder that is called like it.</summary>
    public static async Task SendTarAsync(BuildSession session, ImageStore images, BuildProduct built, int index, CancellationToken cancel)
    {
        await using var tar = images.OpenFiles([.. Folders(built)], cancel);
        await SendFileAsync(session, tar, index, cancel);
    }

    /// <summary>The files, one by one.</summary>
    public static async Task SendFolderAsync(BuildSession session, ImageStore images, BuildProduct built, int index, CancellationToken cancel)
    {
        var roots = Folders(built).Select(one => (one.Folder, Root: Overlay.Mount(images.LayerDirectories(one.Image), null, null))).ToList();
        try { await SendFolderAsync(session, roots, index, cancel); }
        finally
        {
            foreach (var (_, root) in roots) root.Dispose();
        }
    }

    // As BuildKit calls them.
    private static IEnumerable<(string Folder, Image Image)> Folders(BuildProduct built) =>
        built.Index is null ? [("", built.Image)] : built.Images.Select(one => (one.Platform.ToString().Replace('/', '_'), one.Image));

    private static async Task SendFolderAsync(BuildSession session, IReadOnlyList<(string Folder, SafeFileHandle Root)> roots, int index, CancellationToken cancel)
    {
        var method = new Method<Packet, Packet>(MethodType.DuplexStreaming, Service, Method,
            Marshallers.Create(Write, context => Packet.Parser.ParseFrom(context.PayloadAsReadOnlySequence())), Marshallers.Create(Write, context => Packet.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));
        using var call = session.InvokerOf(Service, Method).AsyncDuplexStreamingCall(method, null, new CallOptions(Headers(index), cancellationToken: cancel));
        await new FolderSender(roots, call.RequestStream, call.ResponseStream).RunAsync(cancel);
    }

    private static void Write(Packet packet, SerializationContext context)
    {
        context.SetPayloadLength(packet.CalculateSize());
        Google.Protobuf.MessageExtensions.WriteTo(packet, context.GetBufferWriter());
        context.Complete();
    }

    private static Metadata Headers(int index) => new() { { "buildkit-attachable-exporter-id", $"{index}" } };
}
