namespace Durable.Storage;

/// <summary>
/// Part of a store whose database is in more than one shard group (<see cref="IDurableStore.Groups"/>); the others need none of it. What a batch sends to another group
/// is kept beside its sender and forwarded (PROTOCOL §8, M2), and loops of one group ask for that group alone, so that the loss of a server stops only what it holds.
/// </summary>
public interface IGroupedStore
{
    /// <summary>Reads rows that a lane of the group has stored for other groups and that nobody has removed yet: all of a sender from its first on, in order of (sender, number).</summary>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<OutgoingRow>> ReadOutgoingAsync(OutgoingQuery query, CancellationToken cancellationToken = default);

    /// <summary>Removes rows that have arrived at their target. Rows that are gone are passed over.</summary>
    /// <param name="keys">The rows; all of one group.</param>
    /// <param name="cancellationToken">Stops waiting; may be repeated.</param>
    Task RemoveOutgoingAsync(IReadOnlyList<OutgoingKey> keys, CancellationToken cancellationToken = default);

    /// <summary>The lanes of one group that have a holder.</summary>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<LaneRow>> ReadLanesAsync(ShardGroup group, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="ITaskStore.ExpireTasksAsync"/>, in one group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="failure">Makes the message for a task.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<Guid>> ExpireTasksAsync(ShardGroup group, int limit, Func<TaskRecord, MessageRecord> failure, CancellationToken cancellationToken = default);

    /// <summary>Asks every server whether it answers.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Those that do not, each with the groups that wait for it; empty if all do.</returns>
    Task<IReadOnlyList<GroupFault>> ReadFaultsAsync(CancellationToken cancellationToken = default);
}

/// <summary>A message, or the start of a child, on its way to another shard group.</summary>
/// <param name="Shard">The shard of the sending run: the row's own.</param>
/// <param name="Message">What is inserted at the target, with the sending run as its sender. A start is of the kind that begins a run, with the whole start as its payload.</param>
public sealed record OutgoingRecord(short Shard, MessageRecord Message)
{
    /// <summary>Its key.</summary>
    public OutgoingKey Key => new(Message.Sender, Message.SenderSeq, Shard);
}

/// <summary>Key of a row that waits to be forwarded.</summary>
/// <param name="Sender">The sending run.</param>
/// <param name="Seq">Its number; rises with each row of the sender.</param>
/// <param name="Shard">The sender's shard.</param>
public readonly record struct OutgoingKey(Guid Sender, long Seq, short Shard);

/// <summary>Which outgoing rows to read.</summary>
/// <param name="Group">The group of the senders.</param>
/// <param name="Target">The group that they go to, or null for any.</param>
/// <param name="Age">Senders of which a row has waited for so long, by the store's clock; one that is so far ahead of it, because the clock went back, has waited too. Zero: all.</param>
/// <param name="Limit">At most so many.</param>
public sealed record OutgoingQuery(ShardGroup Group, ShardGroup? Target, TimeSpan Age, int Limit)
{
    /// <summary>Only senders behind this one, in the store's order of run ids: for the next page.</summary>
    public Guid? After { get; init; }

    /// <summary>This sender alone.</summary>
    public Guid? Sender { get; init; }
}

/// <summary>An outgoing row as stored.</summary>
/// <param name="Record">The row.</param>
/// <param name="SenderClosed">True if the sending run has ended, or is gone.</param>
public sealed record OutgoingRow(OutgoingRecord Record, bool SenderClosed);

/// <summary>A server that does not answer.</summary>
/// <param name="Server">The server, without secrets.</param>
/// <param name="Groups">Numbers of the groups that it holds.</param>
/// <param name="Error">What went wrong.</param>
public sealed record GroupFault(string Server, IReadOnlyList<int> Groups, string Error);
