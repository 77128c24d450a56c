using Grpc.Core;
using Yun.BuildKit.Protos;
using Yun.Images;
using Yun.Linux;

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

    /// <summary>The image's files as a tar.</summary>
    public static async Task SendTarAsync(BuildSession session, ImageStore images, Image image, int index, CancellationToken cancel)
    {
        await using var tar = images.OpenFiles(image, cancel);
        await SendFileAsync(session, tar, index, cancel);
    }

    /// <summary>The image's files, one by one.</summary>
    public static async Task SendFolderAsync(BuildSession session, ImageStore images, Image image, int index, CancellationToken cancel)
    {
        using var root = Overlay.Mount(images.LayerDirectories(image), null, null);
        var method = new Method<Packet, Packet>(MethodType.DuplexStreaming, Service, Method,
            Marshallers.Create(Write, context => Packet.Parser.ParseFrom(context.PayloadAsReadOnlySequence())), Marshallers.Create(Write, context => Packet.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));
        using var call = session.InvokerOf(Service, Method).AsyncDuplexStreamingCall(method, null, new CallOptions(Headers(index), cancellationToken: cancel));
        await new FolderSender(root, call.RequestStream, call.ResponseStream).RunAsync(cancel);
    }

    private static void Write(Packet packet, SerializationContext context)
    {
        context.SetPayloadLength(packet.CalculateSize());
        Google.Protobuf.MessageExtensions.WriteTo(packet, context.GetBufferWriter());
        context.Complete();
    }

    private static Metadata Headers(int index) => new() { { "buildkit-attachable-exporter-id", $"{index}" } };
}
