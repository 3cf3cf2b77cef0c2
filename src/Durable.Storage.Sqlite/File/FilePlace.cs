// What identifies the place of a file, so that a restored or copied database is noticed (DECISIONS 9).
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Durable.Storage.Sqlite;

/// <summary>Device, inode and time of birth of a file. Two descriptions are the same place if the inode and the birth agree, or the device where a file system tells no birth.</summary>
/// <remarks>
/// Device numbers alone are no identity: file systems without a block device get another one at each mount. The file is not opened for this: closing any
/// handle on it would drop the locks that SQLite holds in this process.
/// </remarks>
internal static class FilePlace
{
    private const uint WantInode = 0x100, WantBirth = 0x800;

    /// <summary>Describes where a file is, for comparison with <see cref="IsSame"/>.</summary>
    public static string Describe(string path) => OperatingSystem.IsLinux() && DescribeByStatx(path) is { } place
        ? place
        : $"path={Path.GetFullPath(path)} born={new DateTimeOffset(File.GetCreationTimeUtc(path)).UtcTicks}";

    /// <summary>Whether two descriptions are of one file.</summary>
    public static bool IsSame(string stored, string now)
    {
        var (a, b) = (Parts(stored), Parts(now));
        if (a.GetValueOrDefault("inode") != b.GetValueOrDefault("inode"))
            return false;
        var births = (a.GetValueOrDefault("born"), b.GetValueOrDefault("born"));
        return births is (not null, not null) ? births.Item1 == births.Item2 && a.GetValueOrDefault("path") == b.GetValueOrDefault("path")
            : a.GetValueOrDefault("device") == b.GetValueOrDefault("device");
    }

    /// <summary>The mark in a stored description, or null.</summary>
    public static long? MarkOf(string stored) => long.TryParse(Parts(stored).GetValueOrDefault("mark"), NumberStyles.None, CultureInfo.InvariantCulture, out var mark) ? mark : null;

    /// <summary>The description with a mark in it: what compares places passes over it.</summary>
    public static string WithMark(string place, long mark) =>
        string.Join(' ', place.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(part => !part.StartsWith("mark=", StringComparison.Ordinal)).Append(string.Create(CultureInfo.InvariantCulture, $"mark={mark}")));

    private static Dictionary<string, string> Parts(string place) =>
        place.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part.Length > 1 ? part[1] : "");

    /// <summary>The one system call whose answer has the same layout on every architecture.</summary>
    private static string? DescribeByStatx(string path)
    {
        var answer = new byte[256];
        try
        {
            const int currentFolder = -100;
            if (Statx(currentFolder, [.. Encoding.UTF8.GetBytes(path), 0], 0, WantInode | WantBirth, answer) != 0)
                return null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;        // a C library without it
        }
        var found = Read32(0);
        var born = (found & WantBirth) == 0 ? "" : $" born={BinaryPrimitives.ReadInt64LittleEndian(answer.AsSpan(80))}.{Read32(88):D9}";
        return (found & WantInode) == 0 ? null : $"device={Read32(136)}:{Read32(140)} inode={BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(32))}{born}";

        uint Read32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(offset));
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, byte[] path, int flags, uint mask, [Out] byte[] answer);
}
