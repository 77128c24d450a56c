using System.Text;

namespace Yun.Linux;

/// <summary>
/// A region of unmanaged memory that is filled from the front and released whole: what a child made by clone3 may still need. The first page
/// can hold machine code. Not safe for concurrent use.
/// </summary>
public sealed unsafe class Arena : IDisposable
{
    private const int PageSize = 4096;
    private const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;
    private byte* _start;
    private readonly nuint _length;
    private nuint _used = PageSize;

    /// <param name="length">Bytes of address space; memory is taken only as it is touched.</param>
    /// <param name="code">Placed in the first page, which is then readable and executable and no longer writable.</param>
    public Arena(nuint length, ReadOnlySpan<byte> code)
    {
        if (code.Length > PageSize) throw new ArgumentException("The code does not fit in one page.", nameof(code));
        _length = (length + PageSize - 1) / PageSize * PageSize;
        var address = Native.mmap(0, _length, ReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1) throw new SyscallException("mmap", (Errno)System.Runtime.InteropServices.Marshal.GetLastPInvokeError());
        _start = (byte*)address;
        code.CopyTo(new Span<byte>(_start, PageSize));
        Native.Check(Native.mprotect(address, PageSize, ReadExecute), "mprotect");
    }

    public nint Code => (nint)_start;

    public nint End => (nint)(_start + _length);

    /// <summary>Zeroed memory, aligned to 16 bytes.</summary>
    public void* Allocate(nuint bytes)
    {
        var from = (_used + 15) & ~(nuint)15;
        if (from + bytes > _length) throw new InvalidOperationException($"The start of this container needs more than {_length} bytes of arguments.");
        _used = from + bytes;
        return _start + from;
    }

    /// <summary>A copy ending in NUL. A text that holds NUL is refused: the kernel would read half of it.</summary>
    public byte* Text(string text)
    {
        if (text.Contains('\0')) throw new ArgumentException($"'{text.Replace('\0', '?')}' holds a NUL character.", nameof(text));
        var length = Encoding.UTF8.GetMaxByteCount(text.Length) + 1;
        var bytes = (byte*)Allocate((nuint)length);
        var written = Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, length));
        bytes[written] = 0;
        _used -= (nuint)(length - written - 1);
        return bytes;
    }

    /// <summary>A list of pointers to texts that ends in a null pointer, as execve(2) takes it.</summary>
    public byte** TextList(IReadOnlyList<string> texts)
    {
        var list = (byte**)Allocate((nuint)((texts.Count + 1) * sizeof(byte*)));
        for (var i = 0; i < texts.Count; i++) list[i] = Text(texts[i]);
        return list;
    }

    public T* Place<T>(T value) where T : unmanaged
    {
        var place = (T*)Allocate((nuint)sizeof(T));
        *place = value;
        return place;
    }

    public byte* Copy(ReadOnlySpan<byte> bytes)
    {
        var copy = (byte*)Allocate((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        return copy;
    }

    public void Dispose()
    {
        if (_start is null) return;
        _ = Native.munmap((nint)_start, _length);
        _start = null;
    }
}
