// Runs come into a lane: claimed or adopted, read, checked, replayed, and what was pending is taken up again.
using System.Text.Json;
using Durable.Engine.Diagnostics;
using Durable.Engine.History;
using Durable.Engine.Registration;
using Durable.Engine.Replay;
using Durable.Storage;

namespace Durable.Engine.Worker;

/// <summary>Loads the runs of a lane.</summary>
internal sealed class LaneLoads(Lane lane)
{
    private readonly Func<Type, WorkflowDefinition?> definitions = lane.Services.Registry.Find;      // one delegate for all runs
    private const int PageOfRuns = 50;
    private const int PageOfMail = 200;
    private const int MailReads = 2;                     // at once; what is asked for meanwhile goes into the next, many runs in one call
    private readonly HashSet<Guid> reading = [];
    private readonly HashSet<Guid> unread = [];
    private int reads;

    /// <summary>True while mail is being read.</summary>
    public bool IsReading => reads > 0;

    /// <summary>Takes over the runs that an open found.</summary>
    public void Adopt(IReadOnlyList<OwnedRun> owned) => Claimed([.. owned.Where(run => !lane.Slots.ContainsKey(run.RunId))]);

    /// <summary>Runs were claimed: reads them, those that may have killed a host one at a time (A2).</summary>
    public void Claimed(IReadOnlyList<OwnedRun> claimed)
    {
        foreach (var run in claimed) lane.Add(new RunSlot(run.RunId) { State = SlotState.Loading, Attempt = run.Attempt, Gen = run.Gen, LastActive = lane.Services.Clock.GetTimestamp() });
        foreach (var page in claimed.Where(run => run.Attempt < 2).Select(run => run.RunId).Chunk(PageOfRuns)) _ = LoadAsync([page]);
        var suspects = claimed.Where(run => run.Attempt >= 2).Select(run => new[] { run.RunId }).ToList();
        if (suspects.Count > 0) _ = LoadAsync(suspects);
    }

    /// <summary>Reads a run again whose execution was thrown away.</summary>
    public void Reload(RunSlot slot)
    {
        slot.State = SlotState.Loading;
        _ = LoadAsync([[slot.RunId]]);
    }

    /// <summary>Reads the mail of own runs: one statement's result at a time for each run (D4).</summary>
    public void ReadMail(IReadOnlyList<Guid> runs)
    {
        foreach (var run in runs)
            if (lane.Slots.ContainsKey(run)) unread.Add(run);
        ReadUnread();
    }

    private void ReadUnread()
    {
        while (reads < MailReads && unread.Count > 0)
        {
            var page = unread.Where(run => !reading.Contains(run)).Take(PageOfMail).ToList();      // who is being read waits for that
            if (page.Count == 0) return;
            unread.ExceptWith(page);
            reading.UnionWith(page);
            reads++;
            _ = ReadMailAsync(page);
        }
    }

    /// <summary>A new execution of a run's present generation.</summary>
    public WorkflowExecution NewExecution(RunSlot slot, Action<WorkflowExecution, CommandKind, int>? told = null)
    {
        var run = slot.Run;
        var info = new WorkflowInfo(run.WorkflowId, run.RunId, run.Type, slot.Definition!.Version) { Namespace = run.Namespace, Generation = slot.Gen };
        return new WorkflowExecution(slot.Definition, info, run.Secret, lane.Services.Serializer, lane.Shared.Limits, lane, definitions) { OnCommand = told };
    }

    /// <summary>The body of a pending operation's command: in memory, or from the row that recorded it.</summary>
    public byte[] BodyOf(RunSlot slot, Operation operation)
    {
        if (operation.Body is { } body) return body;
        if (operation.Kind == CommandKind.Step || !rows.TryGetValue(slot.RunId, out var history)) return "{}"u8.ToArray();
        return operation.Body = CommandBuffer.Line(Codecs.Bodies(lane.Services.Serializer.Codec, history[operation.Row]), operation.Index).ToArray();
    }

    /// <summary>A row of a run whose class this host has not got.</summary>
    public EventRecord RowWithoutCode(RunSlot slot, Arrival arrival)
    {
        var history = rows.GetValueOrDefault(slot.RunId) ?? [];
        var now = lane.Clock.Now;
        return new EventRecord
        {
            RunId = slot.RunId, Gen = slot.Gen, Seq = history.Count, Kind = (short)arrival.Kind, At = history.Count > 0 && history[^1].At > now ? history[^1].At : now, Payload = arrival.Payload, Encoding = arrival.Encoding, Schema = 1,
            Sender = arrival.Message?.Sender ?? Guid.Empty, SenderSeq = arrival.Message?.SenderSeq ?? 0, Actor = arrival.Message?.Actor, Namespace = slot.Run.Namespace, Shard = slot.Run.Shard,
        };
    }

    /// <summary>Checksum of a run's last row, when its code is not here.</summary>
    public int CrcOf(RunSlot slot) => rows.GetValueOrDefault(slot.RunId) is { Count: > 0 } history ? history[^1].Crc : 0;

    /// <summary>Length of a run's history, when its code is not here.</summary>
    public int NextSeqOf(RunSlot slot) => rows.GetValueOrDefault(slot.RunId)?.Count ?? 0;

    /// <summary>The parent's command that started a run, when its code has not run here.</summary>
    public ParentLink? ParentOf(RunSlot slot)
    {
        if (slot.Run.Parent is null) return null;
        var codec = lane.Services.Serializer.Codec;
        var (payload, encoding) = rows.GetValueOrDefault(slot.RunId) is [var first, ..] ? (first.Payload, first.Encoding) : (slot.Run.Input, slot.Run.Encoding);
        var json = Codecs.Decode(codec, payload, encoding, slot.Run.Namespace, slot.RunId, "Start");
        return json is null ? null : JsonSerializer.Deserialize(json, HistoryJson.Default.StartDocument)!.Parent;
    }

    /// <summary>Children that a run's history started and that have not told their end, when its code has not run here.</summary>
    public IEnumerable<(Guid RunId, int Ordinal, ParentClosePolicy Policy)> ChildrenOf(RunSlot slot)
    {
        var history = rows.GetValueOrDefault(slot.RunId) ?? [];
        var ended = history.Where(row => (EventKind)row.Kind is EventKind.ChildCompleted or EventKind.ChildFailed or EventKind.ChildStartFailed).Select(row => row.Ordinal).ToHashSet();
        foreach (var row in history)
        {
            var heads = CommandHead.ParseAll(row.Commands);
            for (var i = 0; i < heads.Count; i++)
            {
                if (heads[i].Kind != CommandKind.Child || ended.Contains(heads[i].Ordinal)) continue;
                using var body = JsonDocument.Parse(CommandBuffer.Line(Codecs.Bodies(lane.Services.Serializer.Codec, row), i).ToArray());
                var options = body.RootElement.GetProperty("options").Deserialize(ChildJson.Default.ChildOptionsDocument)!;
                yield return (RunIds.OfChild(slot.RunId, slot.Gen, heads[i].Ordinal, slot.Run.Namespace, heads[i].Target!), heads[i].Ordinal, options.ParentClose);
            }
        }
    }

    // Rows of the runs that are being taken up: bodies of pending commands are read from them, then they are let go.
    private readonly Dictionary<Guid, IReadOnlyList<EventRecord>> rows = [];

    private async Task LoadAsync(IReadOnlyList<Guid[]> pages)
    {
        foreach (var page in pages)
        {
            for (var pause = 20; !lane.IsOver; pause = Math.Min(pause * 2, 1_000))
            {
                try
                {
                    var loaded = await lane.Services.Store.LoadAsync(new LoadRequest(page)).ConfigureAwait(false);
                    var holds = await ReadHoldsAsync(loaded).ConfigureAwait(false);
                    var (unborn, later) = await FindUnbornAsync(loaded).ConfigureAwait(false);
                    foreach (var run in later) _ = LoadLaterAsync(run);
                    foreach (var run in loaded.Where(run => !later.Contains(run.RunId))) lane.Post(() => TakeUp(run, holds.GetValueOrDefault(run.RunId), unborn.GetValueOrDefault(run.RunId)));      // one by one: the code of one must not keep the others out
                    var done = lane.Services.Machine.NewSource<bool>();
                    lane.Post(() => done.SetResult(true));
                    if (pages.Count > 1) await done.Task.ConfigureAwait(false);
                    break;
                }
                catch (Exception error)
                {
                    lane.Shared.Log.StoreAway("load runs", error);
                    await Task.Delay(TimeSpan.FromMilliseconds(pause), lane.Services.Clock).ConfigureAwait(false);
                }
            }
        }
    }

    // Which builds stalled a run already: without them two builds would pass it to and fro for ever.
    private async Task<Dictionary<Guid, HoldDocument>> ReadHoldsAsync(IReadOnlyList<LoadedRun> loaded)
    {
        var holds = new Dictionary<Guid, HoldDocument>();
        foreach (var run in loaded)
            if (run.Run is { Status: RunStatus.Stalled or RunStatus.Quarantined or RunStatus.Paused or RunStatus.Cancelling } held && await lane.Services.Store.FindDocumentAsync(held.Namespace, HoldDocument.Kind, run.RunId.ToString("N")).ConfigureAwait(false) is { } document)
                holds[run.RunId] = JsonSerializer.Deserialize(document.Json, HistoryJson.Default.HoldDocument)!;
        return holds;
    }

    // Children of a first turn whose parent's start is durable, and whose own start was to be the next batch (DECISIONS 6).
    private async Task<(Dictionary<Guid, HashSet<int>> Unborn, HashSet<Guid> Later)> FindUnbornAsync(IReadOnlyList<LoadedRun> loaded)
    {
        var unborn = new Dictionary<Guid, HashSet<int>>();
        var later = new HashSet<Guid>();
        foreach (var run in loaded)
        {
            if (run.Run is not { Gen: 0 } parent || run.Events is not [{ Seq: 0, Commands: not null } first]) continue;
            var answered = run.Messages.Where(message => message.ReplyGen == 0).Select(message => message.ReplyOrdinal).ToHashSet();      // such a child has ended, and may be purged
            answered.UnionWith(run.Outgoing.Where(LaneForwards.IsStart).Select(row => row.Message.ReplyOrdinal));                          // on its way to another group
            foreach (var command in CommandHead.ParseAll(first.Commands).Where(command => command.Kind == CommandKind.Child && !answered.Contains(command.Ordinal)))
            {
                var child = RunIds.OfChild(run.RunId, 0, command.Ordinal, parent.Namespace, command.Target!);
                if (lane.Crosses(RunIds.ShardOf(child)) && later.Contains(run.RunId)) continue;
                try
                {
                    if (await lane.Services.Store.FindRunAsync(parent.Namespace, null, child).ConfigureAwait(false) is not null) continue;
                }
                catch (DurableException error) when (lane.Crosses(RunIds.ShardOf(child)))
                {
                    lane.Shared.Log.StoreAway("find run", error);       // the child's group is away: this run waits for it, the others do not
                    later.Add(run.RunId);
                    continue;
                }

                if (!unborn.TryGetValue(run.RunId, out var ordinals)) unborn[run.RunId] = ordinals = [];
                ordinals.Add(command.Ordinal);
            }
        }

        return (unborn, later);
    }

    private async Task LoadLaterAsync(Guid run)
    {
        await Task.Delay(TimeSpan.FromSeconds(1), lane.Services.Clock).ConfigureAwait(false);
        if (!lane.IsOver) await LoadAsync([[run]]).ConfigureAwait(false);
    }

    private async Task ReadMailAsync(List<Guid> runs)
    {
        IReadOnlyList<LoadedRun> loaded = [];
        try
        {
            loaded = await lane.Services.Store.LoadAsync(new LoadRequest(runs, MessagesOnly: true)).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            lane.Shared.Log.StoreAway("read mail", error);       // the notice stays: the next look finds it again
        }

        lane.Post(() =>
        {
            reads--;
            reading.ExceptWith(runs);
            ReadUnread();                                // first: user code runs in what follows, and may keep this thread
            foreach (var run in loaded)
                if (lane.Slots.TryGetValue(run.RunId, out var slot)) Apply(slot, run.Messages);
        });
    }

    private void Apply(RunSlot slot, IReadOnlyList<MessageRecord> messages)
    {
        foreach (var message in messages)
        {
            if (slot.Ending is not null && message.Kind == (short)EventKind.Terminated)
            {
                lane.Exits.Terminate(slot, Arrival.Of(message));      // its code has ended, but it goes on by itself: this is the word that stops it
                return;
            }

            if (!slot.TakesArrivals)
            {
                if (slot.State == SlotState.Leaving) slot.LastBatch?.AfterCommit.Add((slot.RunId, lane.Shared.Poke));      // whoever looks when it has left claims it
                return;
            }

            if (slot.Waiting.Any(waiting => waiting.Message?.Key == message.Key)) continue;
            lane.Turns.Deliver(slot, Arrival.Of(message));
        }
    }

    private void TakeUp(LoadedRun loaded, HoldDocument? hold, HashSet<int>? unborn)
    {
        if (!lane.Slots.TryGetValue(loaded.RunId, out var slot) || slot.State != SlotState.Loading) return;
        if (loaded.Run is not { } run || RunLifecycle.IsClosed(run.Status))
        {
            lane.Remove(slot);                           // purged, or closed by a batch that we did not see: nothing is left to do
            return;
        }

        slot.Run = run;
        slot.Gen = run.Gen;
        slot.Status = run.Status;
        slot.MayHaveRows = true;
        slot.Hold = hold;
        slot.NextSeq = loaded.Events.Count;
        slot.State = SlotState.Active;
        slot.Definition = lane.Services.Registry.Find(run.Type, run.Version);
        rows[slot.RunId] = loaded.Events;
        lane.Forwards.TakeUp(slot, loaded.Outgoing);     // before anything that it may send now
        try
        {
            slot.Attributes = run.Attributes is null ? null : RunAttributes.FromJson(JsonSerializer.Deserialize(run.Attributes, HistoryJson.Default.JsonElement));
            TakeUp(slot, loaded, unborn ?? []);
        }
        catch (Exception error) when (error is not LaneLeftException)
        {
            lane.Shared.Log.LaneWorkFailed(lane.Key.Identity, error);
            if (slot.State == SlotState.Active) lane.Turns.Left(slot, new Verdict((error as DurableException)?.Code ?? DurableErrorCodes.HistoryBroken, $"The run could not be taken up: {error.Message}"));
        }
        finally
        {
            rows.Remove(slot.RunId);
        }
    }

    private void TakeUp(RunSlot slot, LoadedRun loaded, HashSet<int> unborn)
    {
        if (loaded.Messages.FirstOrDefault(message => message.Kind == (short)EventKind.Terminated) is { } terminate)
        {
            lane.Exits.Terminate(slot, Arrival.Of(terminate));
            return;
        }

        if (slot.Run.DeadlineAt <= lane.Clock.Now)
        {
            foreach (var told in loaded.Messages.Where(message => message.Kind == (short)EventKind.TimedOut)) lane.Touch(slot).Rows.Consumed.Add(told.Key);
            lane.Exits.TimeOut(slot);
            return;
        }

        // A resume that is not stored yet would give a run that kills its host new attempts at every load: it is stored first, and the next claim runs the code.
        if (slot.Attempt > 1 && Resumed(slot, loaded))
        {
            if (slot.Status is RunStatus.Stalled or RunStatus.Quarantined or RunStatus.Paused) lane.Exits.SetStatus(slot, RunTrigger.Resumed);
            lane.Exits.Park(slot);
            return;
        }

        if (!Resumed(slot, loaded) && lane.Holds.Stands(slot)) lane.Holds.Keep(slot, loaded.Messages);
        else if (HistoryCheck.Fault(loaded.Events, slot.Gen) is { } broken) lane.Holds.Hold(slot, new Verdict(DurableErrorCodes.HistoryBroken, broken), HoldReasons.Quarantined);
        else Run(slot, loaded, unborn);
    }

    // Whoever reads that a run is held wants to know the line; so the code runs once more, and only then.
    private Verdict Located(RunSlot slot, IReadOnlyList<EventRecord> events, Verdict verdict) =>
        verdict.Code != DurableErrorCodes.Diverged ? verdict : lane.Guarded(slot, () => SourceLine.Locate(verdict, told => NewExecution(slot, told), events));

    // True if somebody ended the hold: the row says who, and the messages go.
    private bool Resumed(RunSlot slot, LoadedRun loaded)
    {
        var resumes = loaded.Messages.Where(message => message.Kind == (short)EventKind.Resumed).ToList();
        if (resumes.Count == 0) return false;
        var batch = lane.Touch(slot);
        foreach (var resume in resumes) batch.Rows.Consumed.Add(resume.Key);
        slot.Attempt = 0;
        lane.Holds.End(slot, batch);
        return true;
    }

    private void Run(RunSlot slot, LoadedRun loaded, HashSet<int> unborn)
    {
        if (slot.Attempt > lane.Services.Options.QuarantineAfter && !lane.Services.IsDebugging)
        {
            lane.Holds.Hold(slot, new Verdict(DurableErrorCodes.RunInWrongState, $"The run was claimed {slot.Attempt} times without progress: it may be what ends its host. Look at the hosts' logs, then resume or terminate it."), HoldReasons.Quarantined);
            return;
        }

        if (slot.Definition is null || !lane.Shared.Activities.Serves(slot.Run.Queue))
        {
            lane.Holds.PassOn(slot, loaded.Messages);
            return;
        }

        slot.Execution = NewExecution(slot);
        foreach (var row in loaded.Events)
            if (row.Sender != Guid.Empty) slot.Remember(row.Sender, row.SenderSeq, row.At);
        if (loaded.Events.Count > 0 && Replay(slot, loaded.Events) is { } verdict)
        {
            lane.Exits.Refuse(slot, Located(slot, loaded.Events, verdict));
            return;
        }

        var clean = slot.Status is RunStatus.Stalled or RunStatus.Quarantined or RunStatus.Paused;
        if (clean) lane.Exits.SetStatus(slot, slot.Execution.CancelRequested ? RunTrigger.CancelRequested : RunTrigger.Resumed);
        else if (slot.Status == RunStatus.Pending) lane.Exits.SetStatus(slot, RunTrigger.Claimed);
        else if (slot.Execution.CancelRequested) lane.Exits.SetStatus(slot, RunTrigger.CancelRequested);      // it was resumed in a batch of its own, before the code said so
        foreach (var task in loaded.Tasks)
            if (task.Gen == slot.Gen) slot.Tasks[task.TaskNo] = task;
        foreach (var seen in slot.Execution.Started?.Seen ?? []) slot.Remember(seen.Sender, seen.Seq, seen.At);
        if (slot.Run.DeadlineAt is { } deadline) lane.Timers.Add(deadline, new LaneTimer(slot, slot.Gen, 0, TimerPurpose.Deadline));
        if (loaded.Events.Count == 0) lane.Turns.Deliver(slot, new Arrival(EventKind.RunStarted, Payload: slot.Run.Input, Encoding: slot.Run.Encoding) { Actor = slot.Run.Actor, Correlation = slot.Run.Correlation, Trace = slot.Run.Trace });
        else Restore(slot, loaded, unborn);
        var ended = slot.Ended;
        slot.Ended = null;
        foreach (var (attempt, result) in ended ?? []) lane.Turns.AttemptEnded(attempt, result);
        lane.Turns.DeliverWaiting(slot);
        Apply(slot, loaded.Messages);
    }

    private Verdict? Replay(RunSlot slot, IReadOnlyList<EventRecord> events)
    {
        var execution = slot.Execution!;
        Telemetry.Replays.Add(1);
        return lane.Guarded(slot, () => execution.Replay(events));
    }

    // What was pending when the last owner let go is taken up again.
    private void Restore(RunSlot slot, LoadedRun loaded, HashSet<int> unborn)
    {
        var execution = slot.Execution!;
        if (loaded.Events.Count == 1 && slot.Gen == 0) RedoFirst(slot, loaded.Events[0], unborn);
        if (execution.End is { } end)
        {
            lane.Exits.EndedBefore(slot, end, loaded.Events);
            return;
        }

        var failedStarts = loaded.Messages.Where(message => message.Kind == (short)EventKind.ChildStartFailed).Select(message => message.ReplyOrdinal).ToHashSet();
        var answered = loaded.Messages.Where(message => message.ReplyGen == slot.Gen).Select(message => message.ReplyOrdinal).ToHashSet();
        var away = loaded.Outgoing.Where(row => LaneForwards.IsStart(row) && row.Message.ReplyGen == slot.Gen).Select(row => row.Message.ReplyOrdinal).ToHashSet();
        foreach (var waiting in execution.Operations.Pending.OrderBy(op => op.Operation.Ordinal).ToList())
        {
            if (slot.Execution != execution) return;         // what was restored ended this generation: its timers and children are not the next one's
            var operation = waiting.Operation;
            if (slot.State != SlotState.Active || operation.IsSilent || execution.Operations.Find(operation.Ordinal) != waiting) continue;
            switch (operation.Kind)
            {
                case CommandKind.Timer:
                    operation.DueAt = JsonSerializer.Deserialize(BodyOf(slot, operation), ChildJson.Default.TimerDocument)!.DueAt;
                    lane.Timers.Add(operation.DueAt, new LaneTimer(slot, slot.Gen, operation.Ordinal, TimerPurpose.Code));
                    break;
                case CommandKind.Activity or CommandKind.Step when !answered.Contains(operation.Ordinal):
                    RestoreAttempt(slot, operation);
                    break;
                case CommandKind.Signal or CommandKind.Send or CommandKind.CancelRun:
                    BodyOf(slot, operation);
                    LaneSends.Begin(lane, slot, operation);
                    break;
                case CommandKind.Child when execution.Context.Children.AwaitsStart(operation.Ordinal) && !failedStarts.Contains(operation.Ordinal) && !unborn.Contains(operation.Ordinal) && !away.Contains(operation.Ordinal):
                    lane.Turns.Deliver(slot, new Arrival(EventKind.ChildStarted, operation.Ordinal) { ReplyGen = slot.Gen });       // its command and the child were one transaction
                    break;
            }
        }
    }

    // The batch after the start may be lost: what the first turn asked for beside its row is asked for again. Each of it may be done twice.
    private void RedoFirst(RunSlot slot, EventRecord first, HashSet<int> unborn)
    {
        var refused = slot.Execution!.Operations.Pending.Where(waiting => unborn.Contains(waiting.Operation.Ordinal)).Select(waiting => waiting.Operation).OrderBy(operation => operation.Ordinal).ToList();
        foreach (var child in refused) lane.Turns.StartChild(slot, lane.Touch(slot), child, static () => { });
        var heads = CommandHead.ParseAll(first.Commands);
        for (var i = 0; i < heads.Count; i++)
        {
            if (heads[i].Kind != CommandKind.Attribute) continue;
            var changed = CommandBuffer.Line(Codecs.Bodies(lane.Services.Serializer.Codec, first), i);
            lane.Exits.SetAttributes(slot, lane.Touch(slot), RunAttributes.FromJson(JsonSerializer.Deserialize(changed, HistoryJson.Default.JsonElement)));
        }
    }

    // An attempt in memory that nobody finished counts as the engine's: the next one is a row (DECISIONS 13).
    private void RestoreAttempt(RunSlot slot, Operation operation)
    {
        if (slot.Attempts.ContainsKey(operation.Ordinal) || slot.Ended?.Any(ended => ended.Attempt.Operation.Ordinal == operation.Ordinal) == true || slot.Waiting.Any(waiting => waiting.Ordinal == operation.Ordinal && waiting.ReplyGen == slot.Gen)) return;      // read again by the same process: it goes on
        if (operation.Step is { InTransaction: true })
        {
            LaneTransactions.Restore(lane, slot, operation);
            return;
        }

        if (slot.Tasks.TryGetValue(operation.Ordinal, out var task))
        {
            if (operation.Kind != CommandKind.Step) return;
            if (task.VisibleAt > lane.Clock.Now) lane.Timers.Add(task.VisibleAt, new LaneTimer(slot, slot.Gen, operation.Ordinal, TimerPurpose.StepRetry));
            else AddStep(slot, operation, task.Attempt + 1, task.LogicalAttempt, task.Failures);        // it may have been under way: counted before it runs again
            return;
        }

        if (operation.Options.AtMostOnce)
        {
            var failure = new OperationFailure { Code = DurableErrorCodes.ActivityInDoubt, Attempts = 1, Failure = new Failure(typeof(DurableException).FullName!, "The host was lost while the attempt ran; nobody knows whether it had its effect, and it may run at most once.") };
            lane.Turns.Deliver(slot, new Arrival(EventKind.ActivityFailed, operation.Ordinal, null, JsonSerializer.SerializeToUtf8Bytes(failure, HistoryJson.Default.OperationFailure)) { ReplyGen = slot.Gen });
            return;
        }

        if (operation.Kind == CommandKind.Step) AddStep(slot, operation, 1, 0, null);
        else LaneTasks.Add(lane, slot, lane.Touch(slot), operation, attempt: 1, logical: 0, lane.Clock.Now, null);
    }

    // A step runs on its owner: its row only counts, and a timer starts it once the row is durable.
    private void AddStep(RunSlot slot, Operation operation, int attempt, int logical, byte[]? failures)
    {
        var batch = lane.Touch(slot);
        var next = LaneTasks.Add(lane, slot, batch, operation, attempt, logical, lane.Clock.Now, failures);
        batch.AfterCommit.Add((slot.RunId, () => lane.Timers.Add(next.VisibleAt, new LaneTimer(slot, next.Gen, operation.Ordinal, TimerPurpose.StepRetry))));
    }
}
