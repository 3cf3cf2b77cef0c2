namespace Durable;

/// <summary>An exception as history keeps it: names and text, no object. Two failures with the same values are equal.</summary>
/// <param name="Type">The full name of the exception's type, such as
/// <c>System.IO.FileNotFoundException</c>. The type need not exist in the process that reads
/// it.</param>
/// <param name="Message">Its message; cut at 8,192 characters when recorded.</param>
public sealed record Failure(string Type, string Message)
{
    // Bounds of what one exception adds to a history. Nobody reads past them, and recursion or generated text must not fill a database.
    private const int MaxMessage = 8_192;
    private const int MaxStackTrace = 16_384;
    private const int MaxDepth = 8;

    /// <summary>Its stack trace, cut at 16,384 characters when recorded; null if there was none.</summary>
    public string? StackTrace { get; init; }

    /// <summary>The failure that caused it; null if there was none, or below the eighth.</summary>
    public Failure? Inner { get; init; }

    /// <summary>The full names of the types that the exception's type derives from, nearest first, up to <c>System.Exception</c>. Default empty.</summary>
    public IReadOnlyList<string> BaseTypes { get; init; } = [];

    /// <summary>True if the exception was of the type or of one derived from it. Names are compared, as recorded:
    /// <c>Is&lt;IOException&gt;()</c> is true for a recorded FileNotFoundException.</summary>
    /// <typeparam name="TException">The type to ask for.</typeparam>
    /// <returns>True if it was. The inner failures are not looked at.</returns>
    public bool Is<TException>() where TException : Exception
    {
        var name = NameOf(typeof(TException));
        return Type == name || BaseTypes.Contains(name, StringComparer.Ordinal);
    }

    /// <summary>True if the values are the same, the base types and the inner failures included.</summary>
    /// <param name="other">The other failure.</param>
    /// <returns>True if equal.</returns>
    public bool Equals(Failure? other) =>
        other is not null && Type == other.Type && Message == other.Message && StackTrace == other.StackTrace
        && EqualityComparer<Failure?>.Default.Equals(Inner, other.Inner) && BaseTypes.SequenceEqual(other.BaseTypes, StringComparer.Ordinal);

    /// <summary>A hash of the values.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode() => HashCode.Combine(Type, Message, StackTrace, Inner, BaseTypes.Count);

    /// <summary>Records an exception.</summary>
    internal static Failure From(Exception exception) => From(exception, 1);

    private static Failure From(Exception exception, int depth) => new(NameOf(exception.GetType()), Cut(exception.Message, MaxMessage))
    {
        StackTrace = exception.StackTrace is { } trace ? Cut(trace, MaxStackTrace) : null,
        Inner = depth < MaxDepth ? CauseOf(exception, depth + 1) : null,
        BaseTypes = BasesOf(exception.GetType()),
    };

    // Our own exceptions carry the recorded failure instead of an inner exception; it must not be lost when a run or a parent fails by it.
    private static Failure? CauseOf(Exception exception, int depth) => exception switch
    {
        ActivityFailedException activity => Limited(activity.Failure, depth),
        RunFailedException { Failure: { } failure } => Limited(failure, depth),
        UpdateRejectedException update => Limited(update.Failure, depth),
        { InnerException: { } inner } => From(inner, depth),
        _ => null,
    };

    // Recorded failures are nested again by each parent run, so they count towards the depth as well.
    private static Failure Limited(Failure failure, int depth) => failure.Inner switch
    {
        null => failure,
        _ when depth >= MaxDepth => failure with { Inner = null },
        var inner => failure with { Inner = Limited(inner, depth + 1) },
    };

    private static List<string> BasesOf(Type type)
    {
        var names = new List<string>();
        for (var ancestor = type.BaseType; ancestor is not null && ancestor != typeof(object); ancestor = ancestor.BaseType) names.Add(NameOf(ancestor));
        return names;
    }

    private static string NameOf(Type type) => type.FullName ?? type.Name;

    // Not through the middle of a surrogate pair: half of one cannot be written as UTF-8.
    private static string Cut(string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
}
