namespace Durable;

/// <summary>How an update is sent.</summary>
public sealed record UpdateOptions
{
    /// <summary>The idempotency key: a second update with the same id to the same run is not carried out
    /// again and gets the first one's answer. Default null: a new UUID.</summary>
    /// <remarks>The answer is kept while the run is open, and for 24 h after it was given if the run closes before.</remarks>
    public string? Id { get; init; }
}
