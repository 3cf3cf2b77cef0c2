// Months of event rows: a run id begins with its time, so a range of ids is a range of time (SCALING 2.7).
using System.Globalization;

namespace Durable.Storage.Postgres;

/// <summary>Texts that add the partitions of <c>event</c>.</summary>
internal static class EventPartitions
{
    /// <summary>How far ahead they are made.</summary>
    public const int MonthsAhead = 24;

    /// <summary>The partition for ids that belong to no month that has one.</summary>
    public static string Default(string schema) => $"create table if not exists {schema}.event_default partition of {schema}.event default";

    /// <summary>One text per month from the current one on.</summary>
    public static IEnumerable<string> Months(string schema, DateTimeOffset now)
    {
        var month = new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i <= MonthsAhead; i++, month = month.AddMonths(1))
            yield return $"create table if not exists {schema}.{Name(month)} partition of {schema}.event for values from ('{RunIds.Bound(month)}') to ('{RunIds.Bound(month.AddMonths(1))}')";
    }

    /// <summary>The month of a table, or null if it is none of a month.</summary>
    public static DateTimeOffset? MonthOf(string name) =>
        DateTimeOffset.TryParseExact(name, "'event_'yyyy'_'MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var month) ? month : null;

    /// <summary>The table of a month.</summary>
    public static string Name(DateTimeOffset month) => "event_" + month.UtcDateTime.ToString("yyyy_MM", CultureInfo.InvariantCulture);
}
