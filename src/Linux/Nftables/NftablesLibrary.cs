using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Yun.Linux.Netlink;

namespace Yun.Linux.Nftables;

/// <summary>
/// Rules in the language of nft(8), by libnftables. For what is laid once and read by people: tables, chains, rules.
/// The library is not thread-safe, not even between contexts: everything in this process that uses it takes turns here.
/// </summary>
public static unsafe partial class NftablesLibrary
{
    private const uint WithHandles = 1 << 3, AsJson = 1 << 4;

    private static readonly Lock s_turn = new();

    /// <summary>Who the kernel's news of a transaction say has made it (NFTA_GEN_PROC_NAME), when it was this process; the number beside it is not ours in a PID namespace.</summary>
    internal static string TransactionName { get; } = $"nft-{Environment.ProcessId}";

    // The library ends the process when it gets no socket. Where descriptors are used up, this fails before it, in words.
    private static void RequireSocket() => new NetlinkSocket(NetlinkFamily.Netfilter).Dispose();

    /// <summary>Runs commands as one transaction: all of them or none.</summary>
    /// <exception cref="NftablesException">With what nft(8) would print.</exception>
    public static void Run(string commands) => Run(commands, flags: 0);

    /// <summary>The same in another network namespace.</summary>
    public static void Run(SafeFileHandle networkNamespace, string commands)
    {
        lock (s_turn)
        {
            // The library makes its socket with the context, on the thread and so in the namespace that asks for it. What runs there is C, and allocates nothing of ours.
            RequireSocket();
            nint context = 0, text = Marshal.StringToCoTaskMemUTF8(commands);
            var failed = 0;
            try
            {
                NetworkNamespace.Inside(networkNamespace, "nftables", () =>
                {
                    context = nft_ctx_new(0);
                    if (context == 0) return -1;
                    _ = nft_ctx_buffer_error(context);
                    failed = nft_run_cmd_from_buffer(context, text);
                    return 0;
                });
                if (failed != 0) throw new NftablesException(Marshal.PtrToStringUTF8(nft_ctx_get_error_buffer(context)) ?? "");
            }
            finally
            {
                if (context != 0) nft_ctx_free(context);
                Marshal.FreeCoTaskMem(text);
            }
        }
    }

    /// <summary>Runs a <c>list</c> command; the answer is libnftables-json(5), with handles.</summary>
    public static string List(string command) => Run(command, AsJson | WithHandles);

    private static string Run(string commands, uint flags)
    {
        lock (s_turn)
        {
            RequireSocket();
            var context = Open();
            var name = OwnProcess.ThreadName();
            try
            {
                OwnProcess.Name(TransactionName);
                if (nft_ctx_buffer_error(context) != 0 || nft_ctx_buffer_output(context) != 0) throw new NftablesException("libnftables has no memory for its buffers");
                nft_ctx_output_set_flags(context, flags);
                return nft_run_cmd_from_buffer(context, commands) == 0
                    ? Marshal.PtrToStringUTF8(nft_ctx_get_output_buffer(context)) ?? ""
                    : throw new NftablesException(Marshal.PtrToStringUTF8(nft_ctx_get_error_buffer(context)) ?? "");
            }
            finally
            {
                OwnProcess.Name(name);
                nft_ctx_free(context);
            }
        }
    }

    private static nint Open()
    {
        try
        {
            var context = nft_ctx_new(0);
            return context != 0 ? context : throw new NftablesException("libnftables gave no context");
        }
        catch (DllNotFoundException)
        {
            throw new NftablesException("libnftables.so.1 is not installed (Debian and Ubuntu: package libnftables1; Fedora: nftables-libs)");
        }
    }

    private const string Library = "libnftables.so.1";

    [LibraryImport(Library)] private static partial nint nft_ctx_new(uint flags);
    [LibraryImport(Library)] private static partial void nft_ctx_free(nint context);
    [LibraryImport(Library)] private static partial int nft_ctx_buffer_output(nint context);
    [LibraryImport(Library)] private static partial int nft_ctx_buffer_error(nint context);
    [LibraryImport(Library)] private static partial nint nft_ctx_get_output_buffer(nint context);
    [LibraryImport(Library)] private static partial nint nft_ctx_get_error_buffer(nint context);
    [LibraryImport(Library)] private static partial void nft_ctx_output_set_flags(nint context, uint flags);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] private static partial int nft_run_cmd_from_buffer(nint context, string commands);
    [LibraryImport(Library)] private static partial int nft_run_cmd_from_buffer(nint context, nint commands);
}

/// <summary>nftables refused: the text is its own.</summary>
public sealed class NftablesException(string message) : Exception(message.Trim());
