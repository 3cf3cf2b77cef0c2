// Everything that the provider logs.
using Microsoft.Extensions.Logging;

namespace Durable.Storage.Sqlite;

/// <summary>Log messages; event ids 5200 to 5299.</summary>
internal static partial class Log
{
    [LoggerMessage(5200, LogLevel.Information, "SQLite {Version} opened {Path} (schema {Schema}, synchronous {Sync}).")]
    public static partial void Opened(ILogger logger, string version, string path, int schema, string sync);

    [LoggerMessage(5201, LogLevel.Warning, "{Path} may be shared by processes although SQLite {Version} can damage a file with two writers; 3.51.3 or newer cannot.")]
    public static partial void SharedUnsafely(ILogger logger, string path, string version);

    [LoggerMessage(5202, LogLevel.Warning, "{Path} is open in this process already, with synchronous {Open}; the other setting ({Asked}) is not applied.")]
    public static partial void OtherOptions(ILogger logger, string path, string open, string asked);

    [LoggerMessage(5203, LogLevel.Warning, "The writing connection to {Path} failed and is opened again: {Reason}")]
    public static partial void WriterBroken(ILogger logger, string path, string reason);

    [LoggerMessage(5204, LogLevel.Warning, "{Path} stayed locked by another process or transaction for {Seconds} s; {Count} waiting writes were told to try again.")]
    public static partial void StayedLocked(ILogger logger, string path, double seconds, int count);

    [LoggerMessage(5205, LogLevel.Information, "The SQLite file '{File}' is {Path}.")]
    public static partial void RelativePath(ILogger logger, string file, string path);
}
