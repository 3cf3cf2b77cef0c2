// The one clock of a campaign: all of its processes are on one machine, and the database is too.
namespace Durable.Chaos;

/// <summary>Milliseconds since 1970.</summary>
internal static class Moment
{
    public static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
}
