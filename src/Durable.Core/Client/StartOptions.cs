namespace Durable;

/// <summary>How a run is started.</summary>
public sealed record StartOptions
{
    /// <summary>The workflow id: your key, such as <c>order-7</c>. Default null: a new UUID, so a start that is sent twice makes two runs.</summary>
    public string? Id { get; init; }

    /// <summary>What to do when the id's last run has closed. Default <see cref="IdReusePolicy.Allow"/>.</summary>
    public IdReusePolicy IdReuse { get; init; } = IdReusePolicy.Allow;

    /// <summary>What to do when a run with the id is open. Default <see cref="IdConflictPolicy.Reject"/>.</summary>
    public IdConflictPolicy IdConflict { get; init; } = IdConflictPolicy.Reject;

    /// <summary>How long after the start is stored its code first runs. Default null: at once. A signal or cancel does not shorten it.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The time from the start, delay and all generations included, after which the run closes as
    /// <see cref="RunStatus.TimedOut"/> without running code. Default null: no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The queue whose workers run the workflow code. Default null: any worker that has registered its class.</summary>
    public string? Queue { get; init; }

    /// <summary>Which waiting runs are taken first: higher numbers before lower. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>Searchable attributes: <c>Attributes = { { Customer, "acme" } }</c>. Default none.
    /// Stored as readable JSON that no payload codec encodes: no secrets.</summary>
    public RunAttributes Attributes { get; init; } = new();

    /// <summary>Options for requests that may be sent twice: whoever comes first starts the run, everybody gets that run, open or closed.</summary>
    /// <param name="id">The workflow id, derived from the request.</param>
    /// <returns>Options with both policies at <c>UseExisting</c>.</returns>
    public static StartOptions Once(string id) => new() { Id = id, IdReuse = IdReusePolicy.UseExisting, IdConflict = IdConflictPolicy.UseExisting };
}

/// <summary>What a start does when the last run of the workflow id has closed.</summary>
public enum IdReusePolicy
{
    /// <summary>Start another run. The default.</summary>
    Allow,

    /// <summary>Start another run if the last one did not complete; else <see cref="RunConflictException"/> (DUR2002).</summary>
    AllowIfFailed,

    /// <summary>Start nothing and return a handle of the closed run.</summary>
    UseExisting,

    /// <summary>Start nothing and throw <see cref="RunConflictException"/> (DUR2002).</summary>
    Reject,
}

/// <summary>What a start does when a run with the workflow id is open.</summary>
public enum IdConflictPolicy
{
    /// <summary>Start nothing and throw <see cref="RunConflictException"/> (DUR2002). The default.</summary>
    Reject,

    /// <summary>Start nothing and return a handle of the open run.</summary>
    UseExisting,

    /// <summary>Terminate the open run, wait until it has closed, and start another.</summary>
    TerminateExisting,
}
