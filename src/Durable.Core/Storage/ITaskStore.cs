using System.Data.Common;

namespace Durable.Storage;

/// <summary>Activities as rows (K1–K5): queued ones, those that heartbeat, those that are to be tried again, transactional steps.</summary>
public interface ITaskStore
{
    /// <summary>Takes due tasks and counts their attempt before any code runs (K1).</summary>
    /// <param name="request">Who takes what.</param>
    /// <param name="cancellationToken">Stops waiting; tasks may have been taken, and come back when their time is up.</param>
    Task<TaskClaimResult> ClaimTasksAsync(TaskClaim request, CancellationToken cancellationToken = default);

    /// <summary>Says that attempts are alive and keeps their details.</summary>
    /// <param name="beats">The attempts.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>For each, in order: whether it still holds its task, and whether the run wants it to stop.</returns>
    Task<IReadOnlyList<TaskState>> HeartbeatTasksAsync(IReadOnlyList<TaskBeat> beats, CancellationToken cancellationToken = default);

    /// <summary>Ends an attempt (K2): its row becomes a message to the run, or waits for the next attempt. All in one transaction.</summary>
    /// <param name="ends">The attempts.</param>
    /// <param name="transaction">The user's transaction of a transactional step (K4), or null.</param>
    /// <param name="cancellationToken">Stops waiting; may be repeated.</param>
    /// <returns>For each, in order: false if another attempt has the task, or it was cancelled or timed out. The result is then dropped.</returns>
    Task<IReadOnlyList<bool>> CompleteTasksAsync(IReadOnlyList<TaskEnd> ends, DbTransaction? transaction = null, CancellationToken cancellationToken = default);

    /// <summary>Ends tasks whose deadline has passed: their row becomes the message that <paramref name="failure"/> makes (K2).</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="failure">Makes the message for a task.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The runs that got a message.</returns>
    Task<IReadOnlyList<Guid>> ExpireTasksAsync(int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default);

    /// <summary>Takes, renews and gives back slots: leases of which a name has only so many in the whole cluster (P3, P4).</summary>
    /// <param name="request">Who wants how many from now on; 0 gives all of them back.</param>
    /// <param name="cancellationToken">Stops waiting; slots may have been taken, and asking again says the same.</param>
    /// <returns>How many the holder has now, all renewed: at most as many as it wants.</returns>
    Task<int> TakeSlotsAsync(SlotRequest request, CancellationToken cancellationToken = default);
}

/// <summary>Key of a task.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Gen">Its generation.</param>
/// <param name="TaskNo">Ordinal of the command.</param>
/// <param name="Shard">The run's shard.</param>
public readonly record struct TaskKey(Guid RunId, int Gen, int TaskNo, short Shard);

/// <summary>A row of <c>task</c>.</summary>
public sealed class TaskRecord
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>Its generation.</summary>
    public required int Gen { get; init; }

    /// <summary>Ordinal of the command.</summary>
    public required int TaskNo { get; init; }

    /// <summary>The run's shard.</summary>
    public required short Shard { get; init; }

    /// <summary>The run's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Stored name of the activity.</summary>
    public required string Activity { get; init; }

    /// <summary>Its queue; empty for any host that knows the activity.</summary>
    public string Queue { get; init; } = "";

    /// <summary>Higher first.</summary>
    public int Priority { get; init; }

    /// <summary>When it may be taken (again).</summary>
    public required DateTimeOffset VisibleAt { get; init; }

    /// <summary>Token of the attempt that has it, or null.</summary>
    public Guid? Token { get; init; }

    /// <summary>Attempts so far, those ended by crash or shutdown included.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts so far that count against the retry policy.</summary>
    public int LogicalAttempt { get; init; }

    /// <summary>When schedule-to-close is over, or null.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>How long a taken task stays invisible without a heartbeat.</summary>
    public required TimeSpan Visibility { get; init; }

    /// <summary>Last heartbeat's details, or null.</summary>
    public byte[]? Details { get; init; }

    /// <summary>Failures so far as JSON (the last 10), or null.</summary>
    public byte[]? Failures { get; init; }

    /// <summary>True: the run wants it to stop.</summary>
    public bool Cancel { get; init; }

    /// <summary>The call as JSON, or the output of a codec: arguments, options, workflow.</summary>
    public byte[]? Payload { get; init; }

    /// <summary>0: plain. 1: a codec's.</summary>
    public short Encoding { get; init; }

    /// <summary>Its key.</summary>
    public TaskKey Key => new(RunId, Gen, TaskNo, Shard);
}

/// <summary>Asks for tasks.</summary>
/// <param name="Group">The shard group to look in.</param>
/// <param name="Queues">Queues to serve; the empty text is the default one.</param>
/// <param name="Known">Activities that the host knows.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="Namespaces">Namespaces to serve; null for all.</param>
public sealed record TaskClaim(ShardGroup Group, IReadOnlyList<string> Queues, IReadOnlyList<string> Known, int Limit, IReadOnlyList<string>? Namespaces = null)
{
    /// <summary>At most so many of a queue, 0 or more; queues that are not named have no bound but <see cref="Limit"/>.</summary>
    public IReadOnlyDictionary<string, int> Most { get; init; } = System.Collections.Frozen.FrozenDictionary<string, int>.Empty;
}

/// <summary>Tasks taken.</summary>
/// <param name="Now">The store's clock.</param>
/// <param name="Tasks">The tasks, with token and attempt as they are now.</param>
/// <param name="NextVisible">When the next task of these queues can be taken, if one waits, else null. Due tasks of queues in <see cref="Held"/> do not count.</param>
public sealed record TaskClaimResult(DateTimeOffset Now, IReadOnlyList<TaskRecord> Tasks, DateTimeOffset? NextVisible)
{
    /// <summary>Queues of which as many were taken as <see cref="TaskClaim.Most"/> allows while more is due.</summary>
    public IReadOnlyList<string> Held { get; init; } = [];
}

/// <summary>Asks for slots.</summary>
/// <param name="Name">What is limited, for example <c>queue/mail</c>.</param>
/// <param name="Holder">Who asks: random for each start of the process.</param>
/// <param name="Units">How many it wants to have from now on.</param>
/// <param name="Limit">How many there are in the whole cluster.</param>
/// <param name="Length">How long those that it has then last, from now, by the store's clock.</param>
public sealed record SlotRequest(string Name, Guid Holder, int Units, int Limit, TimeSpan Length)
{
    /// <summary>Name of the lease that stands for a slot.</summary>
    /// <param name="number">The slot, from 0.</param>
    public string LeaseOf(int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Name}/{number}");
}

/// <summary>One heartbeat.</summary>
/// <param name="Task">The task.</param>
/// <param name="Token">The attempt's token.</param>
/// <param name="Visibility">How long it stays invisible from now.</param>
/// <param name="Details">New details, or null to keep the old ones.</param>
public sealed record TaskBeat(TaskKey Task, Guid Token, TimeSpan Visibility, byte[]? Details);

/// <summary>What a heartbeat found.</summary>
/// <param name="Held">False: another attempt has the task, or it is gone.</param>
/// <param name="Cancel">True: the run wants it to stop.</param>
public readonly record struct TaskState(bool Held, bool Cancel);

/// <summary>The end of one attempt.</summary>
/// <param name="Task">The task.</param>
/// <param name="Token">The attempt's token.</param>
/// <param name="Message">The message that its row becomes, or null when it is to be tried again.</param>
/// <param name="RetryAfter">With no message: how long until the next attempt.</param>
/// <param name="LogicalAttempt">With no message: attempts that count, from now on.</param>
/// <param name="Failures">With no message: failures so far as JSON.</param>
public sealed record TaskEnd(TaskKey Task, Guid Token, MessageRecord? Message, TimeSpan RetryAfter = default, int LogicalAttempt = 0, byte[]? Failures = null)
{
    /// <summary>With no message: true takes the count of the claim back, because no code has run.</summary>
    public bool NeverBegan { get; init; }
}
