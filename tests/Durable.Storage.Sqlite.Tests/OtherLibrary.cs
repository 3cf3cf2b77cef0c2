// The same tests on another SQLite: DURABLE_TEST_SQLITE_LIB names a library (eng/sqlite-latest.sh prints one); without it the bundle's old one is tested.
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Durable.Storage.Sqlite.Tests;

internal static class OtherLibrary
{
    [ModuleInitializer]
    internal static void Resolve()
    {
        if (Environment.GetEnvironmentVariable("DURABLE_TEST_SQLITE_LIB") is { Length: > 0 } library)
            NativeLibrary.SetDllImportResolver(Assembly.Load("SQLitePCLRaw.provider.e_sqlite3"), (name, _, _) => name == "e_sqlite3" ? NativeLibrary.Load(library) : IntPtr.Zero);
    }
}
