// Times in sentences.
using System.Globalization;

namespace Durable.Engine.Client;

/// <summary>Writes times for people, the same on every machine.</summary>
internal static class Say
{
    /// <summary>An instant in UTC.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>How far away an instant is.</summary>
    public static string Until(DateTimeOffset time, DateTimeOffset now) => time > now ? $"in {Span(time - now)}" : $"{Span(now - time)} ago";

    /// <summary>A length of time in its largest unit, rounded down.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalDays: >= 2 } => Number(span.TotalDays, "days"),
        { TotalHours: >= 2 } => Number(span.TotalHours, "hours"),
        { TotalMinutes: >= 2 } => Number(span.TotalMinutes, "minutes"),
        _ => Number(span.TotalSeconds, "s"),
    };

    private static string Number(double amount, string unit) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(amount):0} {unit}");
}
