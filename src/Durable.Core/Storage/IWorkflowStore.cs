using System.Data.Common;

namespace Durable.Storage;

/// <summary>The hot verbs: what lanes and clients do to runs. Rule numbers are those of <c>docs/storage-provider.md</c>.</summary>
public interface IWorkflowStore
{
    /// <summary>Opens a lane, takes it over, or reads its state back after a doubtful commit (O1–O4). Raises the epoch in every case.</summary>
    /// <param name="request">The lane, and whether a live holder may be pushed aside.</param>
    /// <param name="cancellationToken">Stops waiting; the lane may be open all the same.</param>
    /// <returns>The lane with its runs, or null: it is somebody else's.</returns>
    Task<OpenedLane?> OpenLaneAsync(OpenLane request, CancellationToken cancellationToken = default);

    /// <summary>Renews the lease on a connection of its own (R7).</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="epoch">The epoch that the caller was given.</param>
    /// <param name="lease">How long the lease shall last from now, by the store's clock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>False: the epoch is another one.</returns>
    Task<bool> HeartbeatAsync(LaneKey lane, long epoch, TimeSpan lease, CancellationToken cancellationToken = default);

    /// <summary>Finds runs to claim and own runs that have mail (L1). Reads only.</summary>
    /// <param name="request">Who looks, for what, and how many.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<LookResult> LookAsync(LookRequest request, CancellationToken cancellationToken = default);

    /// <summary>Writes one batch of a lane in one transaction behind the lane's fence (C1–C9), claims and starts included.</summary>
    /// <param name="batch">The batch. The store does not change it; the engine sends the same object again after <see cref="CommitOutcome.Retry"/>.</param>
    /// <param name="cancellationToken">Stops waiting, which is a doubt (<see cref="CommitOutcome.Unknown"/>).</param>
    /// <returns>The outcome; this verb does not throw for failures of the database.</returns>
    Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default);

    /// <summary>Reads claimed runs whole: run, events of the current generation, all messages, task rows (L3); or only the messages.</summary>
    /// <param name="request">The runs.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>One entry for each run that exists, in any order.</returns>
    Task<IReadOnlyList<LoadedRun>> LoadAsync(LoadRequest request, CancellationToken cancellationToken = default);

    /// <summary>Inserts messages with their notices, and starts runs (D1, N1). Touches no row that an owner or a claimer waits for (I2).</summary>
    /// <param name="delivery">What to insert; all of it in one transaction.</param>
    /// <param name="transaction">The caller's own transaction on this database, or null for one of the store's.</param>
    /// <param name="cancellationToken">Stops waiting; the delivery may have taken effect, and may be repeated.</param>
    /// <exception cref="DurableException">DUR1012: the transaction belongs to another database or another provider.</exception>
    Task<DeliverResult> DeliverAsync(Delivery delivery, DbTransaction? transaction = null, CancellationToken cancellationToken = default);

    /// <summary>Fences lanes whose lease expired, releases runs of dead lanes, sweeps orphaned notices (R1–R6, D8); each in its own transaction.</summary>
    /// <param name="request">Who reaps and how much.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<ReapResult> ReapAsync(ReapRequest request, CancellationToken cancellationToken = default);

    /// <summary>Gives the lane up (X1). Its remaining runs, if any, are released by the next reap.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="epoch">The epoch that the caller was given.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task CloseLaneAsync(LaneKey lane, long epoch, CancellationToken cancellationToken = default);
}
