using System.Security.Cryptography;
using Yun.Archives;
using Yun.Oci;
using Yun.Protocol;

namespace Yun.Images.Layers;

/// <summary>From a layer as it travels to a draft on the disk, as a pipeline: while one thread writes files, another decompresses and hashes what comes next.</summary>
internal static class LayerUnpacker
{
    // A layer of nothing but zeros shrinks to a thousandth. What a real one holds does not, beyond a little of it.
    private const long UncheckedBytes = 1L << 30;
    private const int ExpansionMax = 100;

    /// <param name="source">The layer, compressed or not. It is left open, and behind a compressed layer's end there may be bytes left.</param>
    /// <param name="travels">Its size as it travels, where that is known.</param>
    /// <param name="name">What it is called where it is refused.</param>
    /// <param name="withRecipe">Write down how to make the tar again; needless where the compressed layer is kept.</param>
    public static void Unpack(Stream source, LayerDraft draft, long? travels, bool withRecipe, CancellationToken cancel, string name = "The layer")
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var limit = travels is { } size ? UncheckedBytes + ExpansionMax * Math.Min(size, long.MaxValue / (2 * ExpansionMax)) : long.MaxValue;
        long total = 0;
        using (var tar = new ReadAheadStream(Compression.Open(source, out _, leaveOpen: true), Hash, blocking: true, cancel))
        using (var recipe = withRecipe ? new TarRecipeWriter(File.Create(Path.Combine(draft.Directory, TarRecipe.FileName)), draft.Handle, draft.Files) : null)
        using (var extraction = new Extraction(draft.Files, new ExtractionOptions { Whiteouts = true }, recipe))
        {
            extraction.Implied.Add("");
            try
            {
                draft.SizeBytes = extraction.Run(new TarReader(tar) { Observe = recipe is null ? null : recipe.Observe }, cancel).Bytes;
            }
            catch (Exception damaged) when (Compression.IsDamage(damaged))
            {
                throw new EngineException(ErrorKind.InvalidArgument, $"{name} is refused: its compressed data is damaged or cut short.", damaged);
            }
            draft.Implied = extraction.Implied;
            draft.HidesAll = extraction.HidesAll;
        }
        draft.TarBytes = total;
        draft.DiffId = Digest.FromHash(hash.GetHashAndReset());

        void Hash(ReadOnlyMemory<byte> bytes)
        {
            hash.AppendData(bytes.Span);
            total += bytes.Length;
            if (total > limit) throw new EngineException(ErrorKind.InvalidArgument,
                $"{name} is refused: it unpacks to more than {limit >> 20} MiB, {ExpansionMax} times its size and a GiB.");
        }
    }
}
