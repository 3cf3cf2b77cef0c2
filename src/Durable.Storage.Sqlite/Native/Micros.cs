// Times as the file keeps them: microseconds since 1970 UTC. The driver never converts a date, because its versions do it differently.
namespace Durable.Storage.Sqlite;

/// <summary>Conversion of times.</summary>
internal static class Micros
{
    /// <summary>A due time that never comes.</summary>
    public const long Never = long.MaxValue;

    public static long From(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static long From(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToTime(long micros) => new(DateTimeOffset.UnixEpoch.Ticks + (micros * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    public static TimeSpan ToSpan(long micros) => TimeSpan.FromTicks(micros * TimeSpan.TicksPerMicrosecond);

    /// <summary>The same time in whole microseconds, UTC.</summary>
    public static DateTimeOffset Cut(DateTimeOffset time) => ToTime(From(time));
}
