using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Yun.Store;

/// <summary>Finds SQLite: the copy beside the program where there is one, else the system's. Its runtime package has no bare <c>libsqlite3.so</c>, which is what would be looked for.</summary>
internal static class SqliteLibrary
{
    private static readonly string[] s_names = [Path.Combine(AppContext.BaseDirectory, "libsqlite3.so.0"), "libsqlite3.so.0", "libsqlite3.so"];

    private static readonly Lock s_lock = new();
    private static bool s_used;

    /// <summary>Call before the first connection; more calls do nothing.</summary>
    public static void Use()
    {
        lock (s_lock)
        {
            if (s_used) return;
            SetProvider();
            s_used = true;
        }
    }

    private static void SetProvider()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_sqlite3).Assembly, Resolve);
        raw.SetProvider(new SQLite3Provider_sqlite3());
        raw.FreezeProvider();
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != "sqlite3") return 0;
        foreach (var candidate in s_names)
            if (NativeLibrary.TryLoad(candidate, out var library)) return library;
        throw new DllNotFoundException("SQLite (libsqlite3.so.0) is not on this machine. It is in the package libsqlite3-0.");
    }
}
