using Microsoft.Win32.SafeHandles;

namespace Yun.Archives;

/// <summary>Sees an archive pass that is being written or unpacked: all its bytes in order, and which file of the disk has which content.</summary>
internal interface IArchiveObserver
{
    /// <summary>The archive's next bytes.</summary>
    /// <param name="isContent">They are a file's content, not a header or what fills up a block.</param>
    void Observe(ReadOnlySpan<byte> bytes, bool isContent);

    /// <summary>The content that comes next, up to <see cref="EndFile"/>, is that of this file.</summary>
    /// <param name="directory">The file is in it by this name; open for as long as the call takes.</param>
    void BeginFile(SafeFileHandle file, SafeFileHandle directory, string name, long size);

    void EndFile();

    /// <summary>An entry is about to replace what an earlier one made.</summary>
    void Replacing(SafeFileHandle directory, string name);
}
