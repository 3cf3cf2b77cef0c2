// One lane: one loop that owns runs, one batch in flight, one fence. All that happens to an owned run happens here, so there are no locks.
using System.Collections.Concurrent;
using Durable.Engine.Diagnostics;
using Durable.Engine.Hosting;
using Durable.Engine.Replay;
using Durable.Storage;
using Microsoft.Extensions.Logging;

namespace Durable.Engine.Worker;

/// <summary>Thrown on a thread that the lane has left (M10): unwinds to the old loop, which ends.</summary>
internal sealed class LaneLeftException : Exception;

/// <summary>The loop of a lane. Members that are not marked as safe from any thread belong to the loop.</summary>
internal sealed class Lane : ILogSink, IAsyncDisposable
{
    private static readonly TimeSpan HousekeepEvery = TimeSpan.FromMilliseconds(250);
    private readonly ConcurrentQueue<Action> inbox = new();
    private readonly AsyncSignal signal;
    private const int MaxSpares = 4;                     // one is filled while one is in flight; a few more are sealed under load
    private readonly Queue<PendingBatch> sealedBatches = new();
    private readonly Stack<PendingBatch> spares = new();
    private readonly ITimer alarm;
    private readonly LaneCommits commits;
    private long nextHousekeeping;
    private readonly HashSet<TaskCompletionSource<bool?>> asking = [];
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long turnSince;
    private long turn;               // number of the turn under way, or 0: whoever sets it to 0 first, its own thread or the watchdog, has it
    private long lastTurn;
    private RunSlot? turning;
    private Action? whenLeft;
    private int loop;
    private Task running = Task.CompletedTask;
    private volatile bool stopped;

    public Lane(EngineServices services, LaneContext shared, LaneKey key)
    {
        Services = services;
        Shared = shared;
        Key = key;
        Clock = new LaneClock(services.Clock);
        signal = new AsyncSignal(services.Machine);
        alarm = services.Clock.CreateTimer(static lane => ((Lane)lane!).signal.Set(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Filling = new PendingBatch(key, services.LaneLease);
        Turns = new LaneTurns(this);
        Releases = new LaneReleases(this);
        Loads = new LaneLoads(this);
        Exits = new LaneExits(this);
        Holds = new LaneHolds(this);
        Forwards = new LaneForwards(this);
        commits = new LaneCommits(this);
    }

    public EngineServices Services { get; }

    public LaneContext Shared { get; }

    public LaneKey Key { get; private set; }

    public LaneClock Clock { get; }

    public LaneTurns Turns { get; }

    public LaneReleases Releases { get; }

    public LaneLoads Loads { get; }

    public LaneExits Exits { get; }

    public LaneHolds Holds { get; }

    public LaneForwards Forwards { get; }

    /// <summary>The runs of this lane.</summary>
    public Dictionary<Guid, RunSlot> Slots { get; } = [];

    /// <summary>Their timers.</summary>
    public TimerQueue Timers { get; } = new();

    /// <summary>The batch that takes rows.</summary>
    public PendingBatch Filling { get; private set; }

    /// <summary>The fence. Read by the heartbeat too.</summary>
    public long Epoch { get; private set; }

    /// <summary>Number of the last batch that is known to be durable. Safe from any thread.</summary>
    public long CommitSeq => commits.Durably;

    /// <summary>True while claims are on their way: a look would find the same runs again. Safe from any thread.</summary>
    public bool IsClaiming => Volatile.Read(ref claimsAsked) > 0 || commits.IsClaiming;

    /// <summary>True if there is to be a look as soon as the claims on their way are answered and there is room. Safe from any thread.</summary>
    public bool LooksNext
    {
        get => Volatile.Read(ref looksNext);
        set => Volatile.Write(ref looksNext, value);
    }

    /// <summary>Ticks whenever the loop comes round: a heartbeat without a tick since the last one is not sent (R7). Safe from any thread.</summary>
    public long Ticks => Volatile.Read(ref ticks);

    /// <summary>True once claiming has stopped. Safe from any thread.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>How many runs it has. Safe from any thread.</summary>
    public int Owned => Volatile.Read(ref owned);

    /// <summary>How many more runs the cache takes. Safe from any thread.</summary>
    public int Room => Math.Max(0, MaxRuns - Volatile.Read(ref owned));

    /// <summary>How many runs it may keep. Safe from any thread.</summary>
    public int MaxRuns => Math.Max(1, Services.Options.MaxCachedRuns / Shared.Lanes);

    /// <summary>Time since the turn under way began, or zero. Safe from any thread.</summary>
    public TimeSpan TurnTime => Volatile.Read(ref turn) != 0 ? Services.Clock.GetElapsedTime(Volatile.Read(ref turnSince)) : TimeSpan.Zero;

    /// <summary>Number of the turn under way, or 0. Safe from any thread.</summary>
    public long TurnNumber => Volatile.Read(ref turn);

    /// <summary>Completes when the loop has ended: what is posted then is never done. Safe from any thread.</summary>
    public Task Over => over.Task;

    /// <summary>Asks the loop something, from any thread.</summary>
    /// <returns>What it answered; null once the loop has ended without an answer.</returns>
    public async Task<bool?> AskAsync(Action<TaskCompletionSource<bool?>> ask, CancellationToken cancellationToken)
    {
        // Not WhenAny(answer, Over): thousands of callers would hang on one task, and each that leaves searches all the others (decision 0013).
        var answer = Services.Machine.NewSource<bool?>();
        lock (asking)
        {
            if (over.Task.IsCompleted) return null;
            asking.Add(answer);
        }

        try
        {
            Post(() => ask(answer));
            return await (cancellationToken.CanBeCanceled ? answer.Task.WaitAsync(cancellationToken) : answer.Task).ConfigureAwait(false);
        }
        finally
        {
            lock (asking) asking.Remove(answer);
        }
    }

    /// <summary>True once the lane ends: retries that only it would hear of end too. Safe from any thread.</summary>
    public bool IsOver => stopped;

    /// <summary>True from the moment when the lane was lost until it is open again under another name: nothing can be put into a batch.</summary>
    public bool IsLost { get; set; }

    /// <summary>True if nothing is under way but attempts: what happens next comes from outside, from an attempt or from the clock.</summary>
    public bool IsQuiet => inbox.IsEmpty && commits.IsQuiet && sealedBatches.Count == 0 && Filling.IsEmpty && !Loads.IsReading && Forwards.IsQuiet && Slots.Values.All(static slot => slot.IsIdle);

    private long ticks;
    private int owned;
    private int claimsAsked;
    private bool looksNext;

    /// <summary>True for shards of another group: nothing of them may be in a batch of this lane (M1).</summary>
    public bool Crosses(short shard) => !Services.Groups.IsOne && Services.Groups.Of(shard) != Key.Group.Number;

    /// <summary>Takes over what an open said, and starts the loop.</summary>
    public void Start(OpenedLane opened)
    {
        Epoch = opened.Epoch;
        commits.Begin(opened.CommitSeq);
        Clock.Set(opened.Now);
        Post(() => Loads.Adopt(opened.Owned));
        running = Services.Machine.Run(() => LoopAsync(Volatile.Read(ref loop), null));
    }

    /// <summary>Hands work to the loop. Safe from any thread.</summary>
    public void Post(Action work)
    {
        inbox.Enqueue(work);
        signal.Set();
    }

    /// <summary>Runs user code of a slot, and unwinds if the lane has left this thread meanwhile (M10).</summary>
    /// <param name="slot">Whose code.</param>
    /// <param name="code">The code.</param>
    /// <param name="ifLeft">What the loop does first on its new thread; null: hold the run. It must do all that the caller does after this call.</param>
    public T Guarded<T>(RunSlot slot, Func<T> code, Action? ifLeft = null) => Guarded(slot, code, static (_, code) => code(), ifLeft);

    /// <summary>The same without a closure.</summary>
    public T Guarded<TState, T>(RunSlot slot, TState state, Func<RunSlot, TState, T> code, Action? ifLeft = null)
    {
        var mine = ++lastTurn;
        turning = slot;
        whenLeft = ifLeft;
        Volatile.Write(ref turnSince, Services.Clock.GetTimestamp());
        Volatile.Write(ref turn, mine);
        try
        {
            return code(slot, state);
        }
        finally
        {
            if (Interlocked.CompareExchange(ref turn, 0, mine) != mine) throw new LaneLeftException();
            turning = null;
            whenLeft = null;
        }
    }

    /// <summary>Leaves a thread that user code does not give back: its run is held, all others go on (M10). Called by the watchdog.</summary>
    public void LeaveThread(TimeSpan limit, string what)
    {
        var number = Volatile.Read(ref turn);
        if (number == 0 || TurnTime <= limit) return;
        var (stuck, then) = (turning!, whenLeft);
        if (Interlocked.CompareExchange(ref turn, 0, number) != number) return;      // it has ended just now
        turning = null;
        whenLeft = null;
        var next = Interlocked.Increment(ref loop);
        void First()
        {
            if (then is not null) then();
            else Turns.Left(stuck, new Verdict(DurableErrorCodes.NotDurable, what));
        }

        running = Task.Factory.StartNew(() => LoopAsync(next, First), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>The batch that takes a run's next rows.</summary>
    public PendingBatch Touch(RunSlot slot)
    {
        if (Filling.IsFull)
        {
            sealedBatches.Enqueue(Filling);
            Filling = NewBatch();
        }

        return Join(slot, Filling);
    }

    /// <summary>Adds a run to a batch that is being made.</summary>
    public static PendingBatch Join(RunSlot slot, PendingBatch batch)
    {
        batch.Slots.Add(slot);
        slot.LastBatch = batch;
        return batch;
    }

    /// <summary>The next batch to send, or null. Also those that were sealed before it.</summary>
    public PendingBatch? NextBatch()
    {
        if (sealedBatches.TryDequeue(out var full)) return full;
        if (Filling.IsEmpty) return null;
        var batch = Filling;
        Filling = NewBatch();
        return batch;
    }

    /// <summary>Takes a batch back for its next use. Nobody may refer to it any more.</summary>
    public void Recycle(PendingBatch batch)
    {
        batch.Clear();
        if (spares.Count < MaxSpares) spares.Push(batch);
    }

    private PendingBatch NewBatch() => spares.TryPop(out var spare) && spare.Rows.Lane == Key ? spare : new PendingBatch(Key, Services.LaneLease);

    /// <summary>All batches that were not sent.</summary>
    public IEnumerable<PendingBatch> Unsent => sealedBatches.Append(Filling);

    /// <summary>Adds a slot.</summary>
    public void Add(RunSlot slot)
    {
        Slots[slot.RunId] = slot;
        Volatile.Write(ref owned, Slots.Count);
    }

    /// <summary>Removes a slot: what is under way for it in this process is told to stop.</summary>
    public void Remove(RunSlot slot)
    {
        slot.State = SlotState.Gone;
        slot.Execution = null;
        Shared.Ends.Left(slot.RunId);
        foreach (var attempt in slot.Attempts.Values) attempt.Cancel(AttemptEnd.LaneLost);
        slot.Attempts.Clear();
        if (Slots.TryGetValue(slot.RunId, out var current) && current == slot) Slots.Remove(slot.RunId);
        Volatile.Write(ref owned, Slots.Count);
        if (slot.Timers > 0) Timers.Died(slot.Timers);
    }

    /// <summary>Drops everything after the lane was lost: another host has the runs, or will have.</summary>
    public void DropAll(Exception reason)
    {
        foreach (var batch in Unsent.ToList()) Lose(batch, reason, lost: true);
        sealedBatches.Clear();
        Filling = new PendingBatch(Key, Services.LaneLease);
        foreach (var slot in Slots.Values.ToList()) Remove(slot);
        Timers.Clear();
        Forwards.Clear();
        commits.ClearClaims();
        IsLost = true;
    }

    /// <summary>Tells those who wait for a batch that it will never be durable.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="reason">Why.</param>
    /// <param name="lost">True: the lane was lost, so the client may start through the store, under the same run id. False: the store will not take the rows.</param>
    public static void Lose(PendingBatch batch, Exception reason, bool lost)
    {
        foreach (var (_, tell) in batch.AfterLoss) tell(reason);
        if (batch.Starts is null) return;
        foreach (var start in batch.Starts.Values)
        {
            if (lost) start.Answer?.TrySetResult(null);
            else start.Answer?.TrySetException(reason);
        }
    }

    /// <summary>Goes on under another name or epoch.</summary>
    public void Reopened(LaneKey key, OpenedLane opened)
    {
        if (key != Key)
        {
            Key = key;
            Filling = new PendingBatch(key, Services.LaneLease);
        }

        Epoch = opened.Epoch;
        Clock.Set(opened.Now);
    }

    /// <summary>Goes on after the lane was lost, with nothing in memory. Safe from any thread.</summary>
    public void Restart(LaneKey key, OpenedLane opened) => Post(() =>
    {
        IsLost = false;
        Reopened(key, opened);
        commits.Begin(opened.CommitSeq);
        Loads.Adopt(opened.Owned);
    });

    /// <summary>Says that a heartbeat under an epoch was refused. Safe from any thread.</summary>
    public void Suspect(long epoch) => Post(() => commits.Suspect(epoch));

    /// <summary>Asks for runs. Safe from any thread.</summary>
    public void Claim(IReadOnlyList<Guid> candidates)
    {
        Interlocked.Increment(ref claimsAsked);
        Post(() =>
        {
            commits.Claim(candidates);
            Interlocked.Decrement(ref claimsAsked);
        });
    }

    /// <summary>Says that mail for a run may be stored. Safe from any thread. Whoever has the run reads it; if nobody has it here, it is looked for, and others are told.</summary>
    public void Hint(Guid runId) => Post(() =>
    {
        var here = Slots.TryGetValue(runId, out var slot);
        if (here) Loads.ReadMail([runId]);
        if (here && slot!.TakesArrivals) return;
        Shared.Poke();                   // parked, or just leaving: whoever looks claims it
        Shared.Announce();
    });

    /// <summary>Stops claiming. Safe from any thread.</summary>
    public void Drain() => IsDraining = true;

    /// <summary>Parks everything, commits, and ends the loop.</summary>
    public async Task StopAsync()
    {
        var parked = Services.Machine.NewSource<bool>();
        Post(() => commits.WhenIdle(() => Exits.ParkAll(), () => parked.TrySetResult(true)));
        await Task.WhenAny(parked.Task, running);
        stopped = true;
        signal.Set();
        await running;
        End();
    }

    public async ValueTask DisposeAsync()
    {
        stopped = true;
        signal.Set();
        await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System));      // a bound for people who wait, whatever the clock of the runs
        End();
        await alarm.DisposeAsync();
    }

    public bool IsEnabled(string category, LogLevel level) => Shared.Loggers.CreateLogger(category).IsEnabled(level);

    public void Add(WorkflowExecution execution, string category, LogLevel level, EventId id, string message, IReadOnlyList<KeyValuePair<string, object?>> values, Exception? error) =>
        Turns.Log(turning, new LogEntry(execution, category, level, id, message, values, error));

    public void Foreign(WorkflowExecution execution) => Post(() => Turns.Suspect(execution));

    private async Task LoopAsync(int number, Action? first)
    {
        if (first is not null) Do(first);
        while (!stopped && number == Volatile.Read(ref loop))
        {
            Interlocked.Increment(ref ticks);
            try
            {
                if (!Work(number)) return;
            }
            catch (LaneLeftException)
            {
                return;
            }

            if (!inbox.IsEmpty) continue;
            ArmAlarm();
            await signal.WaitAsync();
        }
    }

    // One round. False: the lane has left this thread.
    private bool Work(int number)
    {
        for (var i = 0; i < 1_000 && inbox.TryDequeue(out var work); i++)
        {
            Do(work);
            if (number != Volatile.Read(ref loop)) return false;
        }

        while (Timers.TryTake(Clock.Now, out var timer))
        {
            Fire(timer);
            if (number != Volatile.Read(ref loop)) return false;
        }

        var now = Services.Clock.GetTimestamp();
        if (now >= nextHousekeeping)
        {
            nextHousekeeping = now + (long)(HousekeepEvery.TotalSeconds * Services.Clock.TimestampFrequency);
            Do(Exits.ParkIdle);
        }

        commits.Pump();
        return true;
    }

    private void Fire(LaneTimer timer) => Do(() => Turns.Fire(timer));

    private void Do(Action work)
    {
        try
        {
            work();
        }
        catch (LaneLeftException)
        {
            throw;
        }
        catch (Exception error)
        {
            // A fault of the engine's own must not end the loop of thousands of runs; their state is the store's.
            Shared.Log.LaneWorkFailed(Key.Identity, error);
            Telemetry.LaneFaults.Add(1);
        }
    }

    private void End()
    {
        over.TrySetResult();
        lock (asking)
            foreach (var asker in asking) asker.TrySetResult(null);
    }

    private void ArmAlarm()
    {
        var wait = Slots.Count > 0 ? HousekeepEvery : Timeout.InfiniteTimeSpan;
        if (Timers.Next is { } next)
        {
            var untilNext = next - Clock.Now;
            if (untilNext < TimeSpan.FromMilliseconds(1)) untilNext = TimeSpan.FromMilliseconds(1);
            if (wait == Timeout.InfiniteTimeSpan || untilNext < wait) wait = untilNext;
        }

        alarm.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
