namespace Durable;

/// <summary>Why a run does not move, in words and as data. Two explanations with the same values are equal.</summary>
/// <param name="Status">Where the run stands.</param>
/// <param name="Summary">One or two sentences for a person: what it waits for, or what holds it and what to do.</param>
/// <param name="Waits">Everything it waits for, longest wait first; empty when it is closed or busy.</param>
public sealed record Explanation(RunStatus Status, string Summary, IReadOnlyList<WaitReason> Waits)
{
    /// <summary>True if status, summary and waits are the same.</summary>
    /// <param name="other">The other explanation.</param>
    /// <returns>True if equal.</returns>
    public bool Equals(Explanation? other) => other is not null && Status == other.Status && Summary == other.Summary && Waits.SequenceEqual(other.Waits);

    /// <summary>A hash of the values.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode() => HashCode.Combine(Status, Summary, Waits.Count);
}

/// <summary>One thing that a run waits for.</summary>
/// <param name="Kind">What sort of thing, such as <c>activity</c>, <c>timer</c>, <c>condition</c>,
/// <c>mailbox</c>, <c>promise</c>, <c>child</c>, <c>worker</c>. Later builds may know more.</param>
/// <param name="Target">Its name or id, such as <c>Payments.Charge</c>; empty if it has none.</param>
/// <param name="Since">Since when the run waits for it.</param>
/// <param name="Until">When the wait ends by itself, or the next attempt starts; null if it does not.</param>
/// <param name="Detail">More for a person, such as the attempt and the type of the last failure; never a payload. Null for none.</param>
public sealed record WaitReason(string Kind, string Target, DateTimeOffset Since, DateTimeOffset? Until, string? Detail);
