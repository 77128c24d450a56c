namespace Yun.Store;

/// <summary>
/// A file that holds some room on the disk. When the disk is full, giving it up lets what has ended be noted and what is unwanted be removed, which is how the disk
/// gets room again.
/// </summary>
internal sealed class DiskReserve
{
    private const long Bytes = 1 << 20;
    private readonly string _path;
    private bool _isThere;

    public DiskReserve(string path)
    {
        _path = path;
        Refill();
    }

    /// <summary>True when there was something to give.</summary>
    public bool Spend()
    {
        if (!_isThere) return false;
        _isThere = false;
        File.Delete(_path);
        return true;
    }

    /// <summary>Takes the room again if there is any.</summary>
    public void Refill()
    {
        if (_isThere) return;
        try
        {
            if (!File.Exists(_path)) new FileStream(_path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = Bytes }).Dispose();
            _isThere = true;
        }
        catch (IOException) { File.Delete(_path); }
    }
}
