namespace Durable;

/// <summary>How a child run is started. Options are read when the start is first asked for; replay compares the id only.</summary>
public sealed record ChildOptions
{
    /// <summary>The workflow id of the child. Default null: the parent's id, <c>//</c>, generation and
    /// number of the command (<c>order-7//0.3</c>), equal in every replay.</summary>
    /// <remarks>An id of your own makes the start fail with <see cref="RunConflictException"/> (DUR2002) if an open run has it.</remarks>
    public string? Id { get; init; }

    /// <summary>What becomes of the child when the parent closes first. Default <see cref="ParentClosePolicy.Cancel"/>.</summary>
    public ParentClosePolicy ParentClose { get; init; } = ParentClosePolicy.Cancel;

    /// <summary>The queue whose workers run the child's workflow code. Default null: any worker that has registered its class.</summary>
    public string? Queue { get; init; }

    /// <summary>The time from its start after which the child closes as <see cref="RunStatus.TimedOut"/>. Default null: no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>What becomes of a child when its parent closes before it.</summary>
public enum ParentClosePolicy
{
    /// <summary>The child is asked to cancel and may compensate. The default.</summary>
    Cancel,

    /// <summary>The child ends at once, without running code.</summary>
    Terminate,

    /// <summary>The child goes on alone.</summary>
    Abandon,
}
