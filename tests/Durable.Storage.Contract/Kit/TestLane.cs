// A lane as the engine keeps one: it knows its epoch and the number of its next batch.
using System.Security.Cryptography;

namespace Durable.Storage.Contract;

/// <summary>A lane that a test writes with.</summary>
public sealed class TestLane
{
    private readonly IDurableStore store;
    private readonly string build;

    private TestLane(IDurableStore store, LaneKey key, OpenedLane opened, TimeSpan lease, string build)
    {
        (this.store, Key, Opened, Lease, this.build) = (store, key, opened, lease, build);
        (Epoch, CommitSeq) = (opened.Epoch, opened.CommitSeq);
    }

    public static TimeSpan DefaultLease { get; } = TimeSpan.FromSeconds(20);

    public LaneKey Key { get; }
    public OpenedLane Opened { get; private set; }
    public TimeSpan Lease { get; }
    public long Epoch { get; set; }

    /// <summary>Number of the last batch known to be durable.</summary>
    public long CommitSeq { get; set; }

    /// <summary>A key for an identity, with a new holder; the same identity gives the same lane id.</summary>
    public static LaneKey NewKey(string identity, IDurableStore store) =>
        new(BitConverter.ToInt64(SHA256.HashData(Make.Bytes(identity))), store.Groups[0], Guid.NewGuid(), identity);

    public static async Task<TestLane> OpenAsync(IDurableStore store, string identity, bool takeover = false, TimeSpan? lease = null, string build = "build-1")
    {
        var lane = await TryOpenAsync(store, NewKey(identity, store), takeover, lease, build);
        Assert.That(lane, Is.Not.Null, $"the lane of {identity} is free");
        return lane!;
    }

    public static async Task<TestLane?> TryOpenAsync(IDurableStore store, LaneKey key, bool takeover = false, TimeSpan? lease = null, string build = "build-1")
    {
        var opened = await store.OpenLaneAsync(new(key, lease ?? DefaultLease, takeover, build, ["Order@1"]));
        return opened is null ? null : new(store, key, opened, lease ?? DefaultLease, build);
    }

    /// <summary>Opens the lane again under the same holder, as after a doubtful commit (O3).</summary>
    public async Task<OpenedLane?> ReadBackAsync()
    {
        var opened = await store.OpenLaneAsync(new(Key, Lease, false, build, ["Order@1"]));
        if (opened is not null)
            (Opened, Epoch, CommitSeq) = (opened, opened.Epoch, opened.CommitSeq);
        return opened;
    }

    public BatchBuilder Batch() => new(this, new() { Lane = Key, Epoch = Epoch, CommitSeq = CommitSeq + 1, Lease = Lease });

    public async Task<CommitResult> CommitAsync(LaneBatch batch, CancellationToken cancellationToken = default)
    {
        var result = await store.CommitAsync(batch, cancellationToken);
        if (result.Outcome == CommitOutcome.Committed)
            CommitSeq = batch.CommitSeq;
        return result;
    }

    /// <summary>Starts a run that this lane owns, with its first event.</summary>
    public async Task<TestRun> StartAsync(TestRun run)
    {
        var result = await Batch().Start(Make.OwnedStart(run)).CommitAsync();
        Assert.That(result.Refused, Is.Empty, $"the id {run.WorkflowId} is free");
        return run;
    }

    public Task<TestRun> StartAsync(string workflowId) => StartAsync(Make.Run(workflowId));

    /// <summary>Takes wake rows; the caller looks at what came.</summary>
    public async Task<IReadOnlyList<OwnedRun>> ClaimAsync(params TestRun[] runs) => (await Batch().Claim(runs).CommitAsync()).Claimed;

    public Task<LookResult> LookAsync(DateTimeOffset? from = null, int limit = 100, string[]? serves = null, string? asBuild = null, string[]? namespaces = null, string[]? queues = null) =>
        store.LookAsync(Make.Look(Key, from, limit, serves, asBuild ?? build, namespaces, queues));

    public Task<bool> HeartbeatAsync() => store.HeartbeatAsync(Key, Epoch, Lease);

    public Task<ReapResult> ReapAsync(bool fence = true, IReadOnlyList<LaneSeen>? unchanged = null, int limit = 1_000) =>
        store.ReapAsync(new(Key, Lease, fence, unchanged ?? [], limit));

    public Task CloseAsync() => store.CloseLaneAsync(Key, Epoch);
}
