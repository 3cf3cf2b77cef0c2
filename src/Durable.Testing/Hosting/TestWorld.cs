// What outlives the worker processes of a test host: store, clock, those who wait, and what went wrong.
using System.Collections.Concurrent;
using System.Text.Json;
using Durable.Engine.Client;
using Durable.Engine.History;
using Durable.Storage;

namespace Durable.Testing;

/// <summary>The world of one test.</summary>
internal sealed class TestWorld(WorkflowTestOptions options)
{
    private readonly ConcurrentDictionary<TaskCompletionSource<RunStatus>, Guid> waiters = new();
    private readonly ConcurrentDictionary<(Guid RunId, Guid Sender), bool> updates = new();
    private readonly TaskCompletionSource<RunStatus> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? failure;
    private bool told;

    public WorkflowTestOptions Options { get; } = options;

    public VirtualClock Clock { get; } = new(options.StartTime);

    public InMemoryStore Store { get; private set; } = null!;

    public ClientClock ClientClock { get; private set; } = null!;

    /// <summary>Set when somebody begins to wait.</summary>
    public SemaphoreSlim Wanted { get; } = new(0);

    /// <summary>True while somebody waits for something that a run will do.</summary>
    public bool IsAwaited => failure is null && (!waiters.IsEmpty || !updates.IsEmpty);

    /// <summary>Runs whose end is awaited.</summary>
    public IReadOnlyList<Guid> Awaited => [.. waiters.Values.Distinct()];

    /// <summary>What went wrong first, or null.</summary>
    public Exception? Failure => failure;

    public static TestWorld Create(WorkflowTestOptions options)
    {
        var world = new TestWorld(options);
        world.Store = new InMemoryStore(world.Clock);
        world.ClientClock = new ClientClock(world.Clock);
        _ = world.failed.Task.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        return world;
    }

    /// <summary>Waits until a run has closed, or cannot go on.</summary>
    public async Task<RunStatus> WaitClosedAsync(Guid runId, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource<RunStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiters[waiter] = runId;
        try
        {
            if (await Store.ReadStatusesAsync([runId], cancellationToken).ConfigureAwait(false) is [{ } row] && RunLifecycle.IsClosed(row.Status)) return row.Status;
            if (await HoldOfAsync(runId).ConfigureAwait(false) is { } held) throw held;
            Wanted.Release();
            var first = await Task.WhenAny(waiter.Task, failed.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (first == failed.Task) told = true;
            return await first.ConfigureAwait(false);
        }
        finally
        {
            waiters.TryRemove(waiter, out _);
        }
    }

    /// <summary>Fails the test: all waits end with it, those to come too. The first failure counts.</summary>
    public void Fail(Exception error)
    {
        if (Interlocked.CompareExchange(ref failure, error, null) is not null) return;
        failed.TrySetException(error);
    }

    /// <summary>Throws what went wrong, if something did and nobody has been told yet.</summary>
    public void ThrowIfUntold()
    {
        if (failure is null || told) return;
        told = true;
        throw failure;
    }

    /// <summary>Throws what went wrong, if something did.</summary>
    public void ThrowIfFailed()
    {
        if (failure is null) return;
        told = true;
        throw failure;
    }

    /// <summary>Ends the wait for a run that cannot go on by itself.</summary>
    public void Refuse(Guid runId, Exception error)
    {
        foreach (var waiter in Take(runId)) waiter.TrySetException(error);
    }

    /// <summary>A batch is durable.</summary>
    public async Task CommittedAsync(LaneBatch batch)
    {
        foreach (var close in batch.Closes)
        {
            foreach (var (update, _) in updates)
                if (update.RunId == close.RunId) updates.TryRemove(update, out _);
            foreach (var waiter in Take(close.RunId)) waiter.TrySetResult(close.Status);
        }

        foreach (var document in batch.Documents)
            if (document is { Kind: "update", RunId: { } run }) updates.TryRemove((run, ClientCore.SenderOf("update", run, document.Key[(document.Key.IndexOf('/', StringComparison.Ordinal) + 1)..])), out _);
        if (batch.Documents.Count + batch.Closes.Count > 0) ClientClock.Hurry();
        foreach (var park in batch.Parks)
            if (park.Hold != 0 && waiters.Values.Contains(park.RunId) && await HoldOfAsync(park.RunId).ConfigureAwait(false) is { } held) Refuse(park.RunId, held);
    }

    /// <summary>Messages were stored. An update's sender waits for its answer.</summary>
    public void Delivered(Delivery delivery)
    {
        foreach (var message in delivery.Messages)
            if (message.Kind == (short)EventKind.UpdateReceived)
            {
                updates[(message.RunId, message.Sender)] = true;
                Wanted.Release();
            }
    }

    private IEnumerable<TaskCompletionSource<RunStatus>> Take(Guid runId)
    {
        foreach (var (waiter, run) in waiters)
            if (run == runId && waiters.TryRemove(waiter, out _)) yield return waiter;
    }

    // A held run will not end by itself: what holds it is what the test wants to know.
    private async Task<WorkflowTestException?> HoldOfAsync(Guid runId)
    {
        if ((await Store.ReadPlacementAsync(runId).ConfigureAwait(false)).Wake is not { Hold: not 0 } wake) return null;
        if ((wake.Hold & HoldReasons.Paused) != 0) return null;
        var waits = wake.WaitReason is { } reason ? JsonSerializer.Deserialize(reason, HistoryJson.Default.IReadOnlyListWaitDocument) : null;
        var detail = waits?.FirstOrDefault(wait => wait.Kind == "hold")?.Detail ?? "The run is held.";
        return new WorkflowTestException(detail.Contains("does not match the history", StringComparison.Ordinal) ? DurableErrorCodes.Diverged : DurableErrorCodes.RunInWrongState, detail);
    }
}
