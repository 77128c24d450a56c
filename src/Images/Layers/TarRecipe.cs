using Microsoft.Win32.SafeHandles;
using Yun.Linux;
using Yun.Protocol;
using ZstdSharp;

namespace Yun.Images.Layers;

/// <summary>Makes a layer's tar again from its recipe (see <see cref="TarRecipeWriter"/>) and its files. The caller compares the digest.</summary>
internal static class TarRecipe
{
    public const string FileName = "tar.zst";
    /// <summary>Contents that a later entry of the same layer replaced, by their number.</summary>
    public const string AsideName = "replaced";

    public static void Write(string layerDirectory, Action<ReadOnlySpan<byte>> write, CancellationToken cancel)
    {
        using var layer = PathDescriptor.Open(null, layerDirectory, OpenFlags.ReadOnly | OpenFlags.Directory);
        using var files = FileAt.Open(layer, LayerStore.FilesName, OpenFlags.ReadOnly | OpenFlags.Directory);
        using var aside = FileAt.TryOpen(layer, AsideName, OpenFlags.ReadOnly | OpenFlags.Directory, out var opened) == Errno.None ? opened : null;
        using var recipe = OpenRecipe(layerDirectory);
        var buffer = new byte[256 * 1024];
        var content = 0;
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                switch (recipe.BaseStream.ReadByte())
                {
                    case -1: return;
                    case TarRecipeWriter.Literal:
                        WriteLiteral(recipe, recipe.Read7BitEncodedInt(), buffer, write);
                        break;
                    case TarRecipeWriter.FileContent:
                        var size = recipe.Read7BitEncodedInt64();
                        var path = Linux.FileName.Decode(recipe.ReadBytes(recipe.Read7BitEncodedInt()));
                        WriteFile(files, aside, path, content++, size, buffer, write);
                        break;
                    default: throw Damaged(layerDirectory, "its recipe is damaged", null);
                }
            }
        }
        catch (Exception failure) when (failure is SyscallException or EndOfStreamException or ZstdException or FormatException)
        {
            throw Damaged(layerDirectory, failure.Message, failure);
        }
    }

    /// <summary>How many bytes <see cref="Write"/> will write.</summary>
    public static long Length(string layerDirectory)
    {
        using var recipe = OpenRecipe(layerDirectory);
        var buffer = new byte[64 * 1024];
        for (long total = 0; ;)
        {
            switch (recipe.BaseStream.ReadByte())
            {
                case -1: return total;
                case TarRecipeWriter.Literal:
                    var length = recipe.Read7BitEncodedInt();
                    WriteLiteral(recipe, length, buffer, _ => { });
                    total += length;
                    break;
                case TarRecipeWriter.FileContent:
                    total += recipe.Read7BitEncodedInt64();
                    recipe.ReadBytes(recipe.Read7BitEncodedInt());
                    break;
                default: throw Damaged(layerDirectory, "its recipe is damaged", null);
            }
        }
    }

    private static void WriteLiteral(BinaryReader recipe, int length, byte[] buffer, Action<ReadOnlySpan<byte>> write)
    {
        while (length > 0)
        {
            var part = buffer.AsSpan(0, Math.Min(length, buffer.Length));
            recipe.BaseStream.ReadExactly(part);
            write(part);
            length -= part.Length;
        }
    }

    private static void WriteFile(SafeFileHandle files, SafeFileHandle? aside, string path, int content, long size, byte[] buffer, Action<ReadOnlySpan<byte>> write)
    {
        using var file = aside is not null && FileAt.TryOpen(aside, content.ToString(), OpenFlags.ReadOnly, out var replaced) == Errno.None
            ? replaced!
            : PathDescriptor.Open(files, path, OpenFlags.ReadOnly | OpenFlags.NoFollow, Resolve.Beneath | Resolve.NoSymlinks);
        while (size > 0)
        {
            var read = OpenFile.Read(file, buffer.AsSpan(0, (int)Math.Min(size, buffer.Length)));
            if (read == 0) throw new EndOfStreamException($"'{path}' is shorter than it was");
            write(buffer.AsSpan(0, read));
            size -= read;
        }
    }

    private static BinaryReader OpenRecipe(string layerDirectory) =>
        new(new BufferedStream(new DecompressionStream(File.OpenRead(Path.Combine(layerDirectory, FileName)), leaveOpen: false), 64 * 1024));

    private static EngineException Damaged(string directory, string reason, Exception? cause) =>
        new(ErrorKind.Internal, $"The layer in {Path.GetFileName(directory)} is damaged: {reason}. Remove its image and get it again.", cause);
}
