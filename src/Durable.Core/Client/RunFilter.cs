namespace Durable;

/// <summary>Which runs to list or count. Everything that is set must hold; the default matches every
/// run of the namespace. Two filters with the same values are equal.</summary>
public sealed record RunFilter
{
    /// <summary>The stored name of the workflow. Default null: any.</summary>
    public string? Workflow { get; init; }

    /// <summary>Any of these statuses. Default empty: all.</summary>
    public IReadOnlyList<RunStatus> Status { get; init; } = [];

    /// <summary>Started at this time or later. Default null: no limit.</summary>
    public DateTimeOffset? StartedFrom { get; init; }

    /// <summary>Started before this time. Default null: no limit.</summary>
    public DateTimeOffset? StartedBefore { get; init; }

    /// <summary>The beginning of the workflow id, case-sensitive. Default null: any.</summary>
    public string? IdPrefix { get; init; }

    /// <summary>The <see cref="WaitReason.Target"/> that open runs wait for, such as the name of an activity. Default null: any, waiting or not.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>True if the values are the same, the statuses in the same order included.</summary>
    /// <param name="other">The other filter.</param>
    /// <returns>True if equal.</returns>
    public bool Equals(RunFilter? other) =>
        other is not null && Workflow == other.Workflow && StartedFrom == other.StartedFrom && StartedBefore == other.StartedBefore
        && IdPrefix == other.IdPrefix && WaitingFor == other.WaitingFor && Status.SequenceEqual(other.Status);

    /// <summary>A hash of the values.</summary>
    /// <returns>The hash.</returns>
    public override int GetHashCode() => HashCode.Combine(Workflow, StartedFrom, StartedBefore, IdPrefix, WaitingFor, Status.Count);
}
